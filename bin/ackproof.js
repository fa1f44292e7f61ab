#!/usr/bin/env node
/**
 * Starts ackproof on Node 24 or newer. Where the node in front is older it restarts itself: on the `node` package of
 * this checkout or of the folder it is called from, else on one that npm fetches into its own cache.
 *
 * In a checkout it runs the TypeScript sources (Node strips the types), in an installed package the compiled ones.
 */
import { spawnSync } from "node:child_process"
import { existsSync } from "node:fs"
import { createRequire } from "node:module"
import { dirname, join } from "node:path"
import { fileURLToPath, pathToFileURL } from "node:url"

const needed = [24, 11]
const here = fileURLToPath(import.meta.url)

const isNewEnough = (version) => {
  const [major, minor] = version.replace(/^v/, "").split(".").map(Number)
  return major > needed[0] || (major === needed[0] && minor >= needed[1])
}

/** The executable of the npm package `node` as seen from a file, when it is new enough. */
const nodeSeenFrom = (file) => {
  try {
    const manifest = createRequire(file).resolve("node/package.json")
    const executable = join(dirname(manifest), "bin", process.platform === "win32" ? "node.exe" : "node")
    const answer = spawnSync(executable, ["--version"], { encoding: "utf8" })
    return answer.status === 0 && isNewEnough(answer.stdout.trim()) ? executable : undefined
  } catch {
    return undefined
  }
}

const restart = () => {
  const again = [here, ...process.argv.slice(2)]
  const options = { stdio: "inherit", env: { ...process.env, ACKPROOF_RESTARTED: "1" } }
  const executable = nodeSeenFrom(here) ?? nodeSeenFrom(join(process.cwd(), "package.json"))
  if (executable !== undefined) return spawnSync(executable, again, options)
  const npm = process.platform === "win32" ? "npm.cmd" : "npm"
  return spawnSync(npm, ["exec", "--yes", "--loglevel=error", `--package=node@${needed[0]}`, "--", "node", ...again], {
    ...options,
    shell: process.platform === "win32"
  })
}

if (isNewEnough(process.version)) {
  const source = join(dirname(here), "..", "src", "cli", "main.ts")
  const entry = existsSync(source) ? source : join(dirname(here), "..", "dist", "cli", "main.js")
  const { run } = await import(pathToFileURL(entry).href)
  process.exitCode = await run(process.argv.slice(2))
} else if (process.env.ACKPROOF_RESTARTED !== undefined) {
  console.error(
    `ackproof: needs Node ${needed.join(".")} or newer, found ${process.version}; npm install --save-dev node@24`
  )
  process.exitCode = 2
} else {
  const ended = restart()
  if (ended.error !== undefined) {
    console.error(
      `ackproof: needs Node ${needed.join(".")} or newer, found ${process.version}; npm install --save-dev node@24`
    )
  }
  if (ended.signal !== null) process.kill(process.pid, ended.signal)
  process.exitCode = ended.status ?? 2
}
