/**
 * `npm run test:real [-- COUNT SEED]`: what this project writes, read by the real software. Needs Maven and Java 17; each
 * panel opens COUNT directories a version (100 if absent).
 */
import { spawnSync } from "node:child_process"
import * as Rocketmq from "./Rocketmq.ts"

const missing = ["mvn", "javac", "java"].filter((tool) => spawnSync(tool, ["-version"]).error !== undefined)
if (missing.length > 0) {
  console.error(`test:real needs ${missing.join(", ")} on the path: Maven, and a JDK of Java 17`)
  process.exit(2)
}
const [count = 100, seed = Math.floor(Date.now() / 1000)] = process.argv.slice(2).map(Number)
const suites = [Rocketmq.run]
let equal = true
for (const run of suites) equal = await run(count, seed) && equal
process.exit(equal ? 0 : 1)
