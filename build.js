/** Compiles src to dist for publishing: what an installed package runs, since Node strips no types below node_modules. */
import { spawnSync } from "node:child_process"
import { rmSync } from "node:fs"
import { fileURLToPath } from "node:url"

const here = fileURLToPath(new URL(".", import.meta.url))
rmSync(new URL("dist", import.meta.url), { recursive: true, force: true })
const compiler = fileURLToPath(new URL("node_modules/typescript/bin/tsc", import.meta.url))
const { status } = spawnSync(process.execPath, [compiler, "-p", "tsconfig.build.json"], { cwd: here, stdio: "inherit" })
process.exitCode = status ?? 1
