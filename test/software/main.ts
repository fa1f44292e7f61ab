/**
 * `npm run test:real [-- COUNT SEED]`: what this project writes, read by the real software. Needs Maven and Java 17; each
 * panel opens COUNT directories a version (200 if absent). Without these it is skipped in one line, and a failure in CI.
 * SEED is that of test/Seed.ts, or the time.
 */
import { spawnSync } from "node:child_process"
import "../Seed.ts"
import * as fc from "fast-check"
import * as Kafka from "./Kafka.ts"
import * as KafkaDamage from "./KafkaDamage.ts"
import * as Rocketmq from "./Rocketmq.ts"
import * as RocketmqRefusals from "./RocketmqRefusals.ts"

const missing = ["mvn", "javac", "java"].filter((tool) => spawnSync(tool, ["-version"]).error !== undefined)
if (missing.length > 0) {
  const required = process.env["CI"] === "true"
  console.error(
    `test:real ${required ? "failed" : "skipped"}: no ${missing.join(", ")}; install Maven and a JDK of Java 17`
  )
  process.exit(required ? 1 : 0)
}
const [count = 200, seed = fc.readConfigureGlobal()?.seed ?? Math.floor(Date.now() / 1000)] = process.argv.slice(2).map(
  Number
)
const suites = [Kafka.run, KafkaDamage.run, Rocketmq.run, RocketmqRefusals.run]
let equal = true
for (const run of suites) equal = await run(count, seed) && equal
process.exit(equal ? 0 : 1)
