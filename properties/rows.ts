/** What the tests add to the guarantee matrix in a checkout: `npm start`, `ackproof matrix` and `replay` read it. */
import type { Part } from "../src/guarantee/Row.ts"
import * as PrimaryBackup from "./primary-backup/Row.ts"

export const parts: ReadonlyArray<Part> = [PrimaryBackup.part]
