/**
 * `npm start`: the guarantee matrix, quick tier, then the real stores under `test/real`, read and judged. In a checkout
 * only; what it runs are two subcommands that anybody can run on their own.
 */
import { existsSync, readdirSync, statSync } from "node:fs"
import { join, relative } from "node:path"
import { run } from "./main.ts"

const real = join(import.meta.dirname, "..", "..", "test", "real")

/** Stores that were stopped or killed, not damaged: damaged images are recovered by `log images`. */
const stores = readdirSync(real)
  .filter((name) => statSync(join(real, name)).isDirectory() && /-(un)?clean\d?$/.test(name))
  .map((name) => relative(process.cwd(), join(real, name)))
  .filter((path) => existsSync(path))

console.log("Guarantees, quick tier:\n")
const judged = await run(["matrix", "--tier", "quick"])
console.log("\nReal stores, as real brokers left them:\n")
const inspected = await run(["log", "inspect", "--brief", ...stores])
process.exitCode = Math.max(inspected, judged)
