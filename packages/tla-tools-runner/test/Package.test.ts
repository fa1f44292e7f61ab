import { execFileSync, spawn } from "node:child_process"
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs"
import { createRequire } from "node:module"
import { dirname, join } from "node:path"
import { expect, it } from "vitest"
import { describeTlc, packageFolder, spec, temporaryFolder } from "./support.ts"

const run = (command: string, args: ReadonlyArray<string>, cwd: string): string =>
  execFileSync(command, args, { cwd, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] })

const oneVariable = "---- MODULE Counter ----\nEXTENDS Naturals\nCONSTANT Max\nVARIABLE x\nInit == x = 0\n" +
  "Up == x < Max /\\ x' = x + 1\nSpec == Init /\\ [][Up]_x\n====\n"

/** The package from its tarball, installed into an empty folder. */
const installed = ((): () => string => {
  let folder: string | undefined
  return () => {
    if (folder !== undefined) return folder
    const tsc = join(dirname(createRequire(import.meta.url).resolve("typescript/package.json")), "bin", "tsc")
    run(process.execPath, [tsc, "-p", "tsconfig.json"], packageFolder)
    const empty = temporaryFolder()
    run("npm", ["pack", "--ignore-scripts", "--pack-destination", empty], packageFolder)
    const tarball = readdirSync(empty).find((name) => name.endsWith(".tgz"))!
    expect(statSync(join(empty, tarball)).size).toBeLessThan(300_000)
    writeFileSync(join(empty, "package.json"), "{ \"private\": true, \"type\": \"module\" }")
    run("npm", ["install", "--offline", "--no-audit", "--no-fund", "--omit=peer", `./${tarball}`], empty)
    folder = empty
    return folder
  }
})()

describeTlc("The package", () => {
  const folder = installed()

  it("installs from its tarball into an empty folder, with nothing else, and checks a spec in five lines of the README", () => {
    expect(readdirSync(join(folder, "node_modules")).filter((name) => !name.startsWith("."))).toEqual([
      "tla-tools-runner"
    ])
    const example = /```js\n([\s\S]*?)```/.exec(readFileSync(join(packageFolder, "README.md"), "utf8"))![1]!
    expect(example.trim().split("\n")).toHaveLength(5)
    writeFileSync(join(folder, "example.js"), example)
    writeFileSync(join(folder, "Counter.tla"), oneVariable)
    const said = run(process.execPath, ["example.js"], folder)
    expect(said).toMatch(/^Parsed\nInitialStates\n/)
    expect(said).toMatch(/safety x < 3 1 {2}initial state\n/)
  })

  it("has a command whose exit status says what was found", () => {
    const tool = join(folder, "node_modules", ".bin", "tla-tools-runner")
    const status = (args: ReadonlyArray<string>, env: NodeJS.ProcessEnv = {}): readonly [number, string, string] => {
      try {
        const text = execFileSync(process.execPath, [tool, ...args], {
          cwd: folder,
          encoding: "utf8",
          stdio: ["ignore", "pipe", "pipe"],
          env: { ...process.env, ...env }
        })
        return [0, text, ""]
      } catch (error) {
        const { status: code, stderr, stdout } = error as { status: number; stdout: string; stderr: string }
        return [code, stdout, stderr]
      }
    }
    const counter = ["check", spec("Counter"), "--constant", "Max=3", "--constant", "CanReset=FALSE"]
    const [held, text] = status([...counter, "--no-deadlock"])
    expect([held, text]).toEqual([0, "holds: 4 distinct states, 4 generated, depth 4\n"])
    const [broken, json] = status([...counter, "--json"])
    expect(broken).toBe(1)
    expect(JSON.parse(json)).toMatchObject({ verdict: "deadlock", distinct: 4 })
    const [wrong, said] = status(["check", spec("malformed/NoElse"), "--specification", "Spec"])
    expect([wrong, said]).toEqual([2, `${spec("malformed/NoElse")}:5:1: found ==== after "1"\n`])
    expect(status(["frob"])[0]).toBe(2)
    expect(status(["check"])[2]).toMatch(/^tla-tools-runner: check needs a spec.*\n$/)
    const [none, , line] = status(counter, {
      TLA_TOOLS_CACHE: join(folder, "empty"),
      TLA_TOOLS_OFFLINE: "1",
      TLA2TOOLS_JAR: ""
    })
    expect(none).toBe(3)
    expect(line).toMatch(/^tla-tools-runner: TLC is not in the cache and TLA_TOOLS_OFFLINE=1.*\n$/)
    const [noJava, , java] = status(counter, { JAVA_HOME: "/nowhere" })
    expect([noJava, java]).toEqual([
      3,
      "tla-tools-runner: Java was not found (/nowhere/bin/java): install a JDK, version 11 or later, or set JAVA_HOME to one\n"
    ])
    const [found, smallest] = status([
      "sweep",
      spec("Counter"),
      "--try",
      "Max=1,3",
      "--constant",
      "CanReset=TRUE",
      "--invariant",
      "BelowThree"
    ])
    expect(found).toBe(1)
    expect(smallest).toMatch(/^smallest constants: Max = 3\n/)
  })

  it.runIf(process.platform === "linux").for(["SIGKILL", "SIGTERM"] as const)(
    "leaves no JVM and no file behind when the process is ended by %s",
    async (signal) => {
      const temporary = join(folder, signal)
      mkdirSync(temporary)
      copyFileSync(spec("Dials"), join(temporary, "Dials.tla"))
      const args = [
        "check",
        join(temporary, "Dials.tla"),
        "--constant",
        "Count=9",
        "--constant",
        "Top=9",
        "--no-deadlock"
      ]
      const child = spawn(process.execPath, [join(packageFolder, "dist", "cli.js"), ...args], {
        env: { ...process.env, TMPDIR: temporary },
        stdio: "ignore"
      })
      const ended = new Promise((done) => child.once("exit", done))
      const jvms = () =>
        readdirSync("/proc").filter((pid) => /^\d+$/.test(pid)).filter((pid) => {
          const file = `/proc/${pid}/cmdline`
          return existsSync(file) && commandLine(file).includes(temporary) && commandLine(file).includes("tlc2.TLC")
        })
      await until(() =>
        jvms().length === 1 && readdirSync(temporary).some((name) => name.startsWith("tla-tools-runner-"))
      )
      child.kill(signal)
      await ended
      await until(() => jvms().length === 0 && readdirSync(temporary).join() === "Dials.tla")
      expect(readdirSync(temporary)).toEqual(["Dials.tla"])
    }
  )
})

const commandLine = (file: string): string => {
  try {
    return readFileSync(file, "latin1")
  } catch {
    return ""
  }
}

/** Waits for a condition; the test's own limit ends it if it never comes. */
const until = async (holds: () => boolean): Promise<void> => {
  while (!holds()) await new Promise((resolve) => setImmediate(resolve))
}
