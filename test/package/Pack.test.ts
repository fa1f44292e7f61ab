/**
 * The package as others get it: packed, installed by npm into an empty folder whose path has a space, every export
 * imported from JavaScript and from TypeScript, the command line run from there, also on a Node that is too old for it.
 */
import { execFileSync, spawnSync } from "node:child_process"
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, normalize } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"

const root = normalize(join(import.meta.dirname, "..", ".."))
const modules = join(root, "node_modules")
let folder = ""
let installed = ""

interface Manifest {
  readonly exports: Readonly<Record<string, string>>
  readonly devDependencies: Readonly<Record<string, string>>
}
const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as Manifest
const names = Object.keys(manifest.exports)
  .filter((name) => !name.endsWith(".json"))
  .map((name) => name.replace(/^\./, "ackproof"))

/** The parts of PATH without this checkout's own Node, so that `node` is the system's. */
const systemPath = (process.env["PATH"] ?? "").split(":").filter((part) => !part.includes("node_modules")).join(":")

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "ackproof pack "))
  const packed = execFileSync("npm", ["pack", "--json", "--pack-destination", folder], { cwd: root, encoding: "utf8" })
  const { filename } =
    (JSON.parse(packed.slice(packed.indexOf("\n[") + 1)) as ReadonlyArray<{ readonly filename: string }>)[0]!
  installed = join(folder, "node_modules", "ackproof")
  writeFileSync(join(folder, "package.json"), JSON.stringify({ name: "user", private: true, type: "module" }))
  const types = `@types/node@${manifest.devDependencies["@types/node"]}`
  const quiet = ["--prefer-offline", "--no-audit", "--no-fund", "--loglevel=error"]
  execFileSync("npm", ["install", ...quiet, join(folder, filename), types], { cwd: folder, encoding: "utf8" })
})

afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe("the packed package", () => {
  it("has the program, the compiled code and nothing of the tests", () => {
    expect(existsSync(join(installed, "bin", "ackproof.js"))).toBe(true)
    expect(existsSync(join(installed, "dist", "cli", "main.js"))).toBe(true)
    expect(existsSync(join(installed, "LICENSE"))).toBe(true)
    expect(["src", "test", "properties", "bench"].filter((name) => existsSync(join(installed, name)))).toEqual([])
  })

  it.each(names)("%s can be imported from JavaScript, and exports something", (name) => {
    const script = `const m = await import(${JSON.stringify(name)}); console.log(Object.keys(m).length)`
    const out = execFileSync(process.execPath, ["--input-type=module", "-e", script], { cwd: folder, encoding: "utf8" })
    expect(Number(out)).toBeGreaterThan(0)
  })

  it("every export can be imported from TypeScript, with its types", () => {
    const lines = names.map((name, index) => `import * as m${index} from ${JSON.stringify(name)}`)
    const used = names.map((_name, index) => `m${index}`).join(", ")
    const wrong = "// @ts-expect-error the types are there: no module exports this\n" +
      names.map((_name, index) => `void m${index}.noSuchExport`)[0]
    writeFileSync(join(folder, "user.ts"), [...lines, `console.log(${used})`, wrong, ""].join("\n"))
    writeFileSync(
      join(folder, "tsconfig.json"),
      JSON.stringify({
        compilerOptions: {
          module: "NodeNext",
          target: "ES2024",
          // The declarations of effect itself name types of the web's cryptography.
          lib: ["ESNext", "DOM"],
          strict: true,
          noEmit: true,
          types: ["node"]
        },
        files: ["user.ts"]
      })
    )
    const compiler = join(modules, "typescript", "bin", "tsc")
    const { status, stdout } = spawnSync(process.execPath, [compiler, "-p", folder], { encoding: "utf8" })
    expect(stdout).toBe("")
    expect(status).toBe(0)
  })

  it("its command line runs from the installed package", () => {
    const { status, stdout } = spawnSync(process.execPath, [join(installed, "bin", "ackproof.js"), "--help"], {
      cwd: folder,
      encoding: "utf8"
    })
    expect(stdout).toContain("SUBCOMMANDS")
    expect(status).toBe(0)
  })

  const older = spawnSync("node", ["--version"], { encoding: "utf8", env: { ...process.env, PATH: systemPath } })
  const isOlder = older.status === 0 && Number(/^v(\d+)/.exec(older.stdout)?.[1]) < 24

  it.skipIf(!isOlder)(
    "on an older Node it restarts itself on the project's (skipped: no older node on the path)",
    () => {
      cpSync(join(modules, "node"), join(folder, "node_modules", "node"), { recursive: true, dereference: true })
      for (const [from, cwd] of [[installed, folder], [root, root]] as const) {
        const { status, stdout } = spawnSync("node", [join(from, "bin", "ackproof.js"), "--version"], {
          cwd,
          encoding: "utf8",
          env: { ...process.env, PATH: systemPath }
        })
        expect(stdout).toMatch(/^ackproof v\d+\.\d+\.\d+\n$/)
        expect(status).toBe(0)
      }
    }
  )
})
