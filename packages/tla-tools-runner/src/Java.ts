/**
 * Java: where it is, how it is started, and what its refusals mean.
 *
 * The decision: nothing is asked before a run (a JVM costs a tenth of a second); a run that fails is explained from
 * what Java said. `javaVersion` asks, for `doctor`.
 */
import { execFile } from "node:child_process"
import { join } from "node:path"
import { TlaToolsError } from "./Failure.ts"

/** How a JVM is started. */
export interface JavaOptions {
  /** The Java command; without it JAVA_HOME's, without that the one on the PATH. */
  readonly java?: string | undefined
  /** The largest heap, as Java's -Xmx takes it: "2g", "512m". */
  readonly heap?: string | undefined
}

const executable = (name: string): string => {
  const home = process.env["JAVA_HOME"]
  return home === undefined || home === "" ? name : join(home, "bin", name)
}

/** The Java command to start. */
export const javaCommand = (options: JavaOptions): string => options.java ?? executable("java")

/** The compiler that belongs to it. */
export const javacCommand = (options: JavaOptions): string =>
  options.java === undefined ? executable("javac") : options.java.replace(/java(\.exe)?$/, "javac$1")

/** The arguments before the class: TLC asks for the parallel collector, and perf data would be left by a killed JVM. */
export const jvmArguments = (options: JavaOptions, temporary: string, library: string | undefined): Array<string> => [
  "-XX:+UseParallelGC",
  "-XX:-UsePerfData",
  "-Dfile.encoding=UTF-8",
  `-Djava.io.tmpdir=${temporary}`,
  ...(options.heap === undefined ? [] : [`-Xmx${options.heap}`]),
  ...(library === undefined ? [] : [`-DTLA-Library=${library}`])
]

/** The failure of a Java that could not be started. */
export const noJava = (command: string, cause: unknown): TlaToolsError =>
  new TlaToolsError(
    "no-java",
    `Java was not found (${command}): install a JDK, version 11 or later, or set JAVA_HOME to one`,
    { cause }
  )

/** The failure that Java's own complaint amounts to, if it is one that is known. */
export const javaRefusal = (command: string, errors: string): TlaToolsError | undefined => {
  if (/UnsupportedClassVersionError/.test(errors)) {
    return new TlaToolsError(
      "old-java",
      `this Java is too old for this TLC (${command}): install a JDK, version 11 or later, or set JAVA_HOME to one`
    )
  }
  if (/Invalid (maximum|initial) heap size|Could not reserve enough space|-Xmx/.test(errors)) {
    return new TlaToolsError("bad-options", `Java cannot have that heap: ${errors.trim().split("\n")[0]}`)
  }
  if (/Could not find or load main class/.test(errors)) {
    return new TlaToolsError("not-tlc", "the jar holds no TLC: set TLA2TOOLS_JAR to a tla2tools.jar")
  }
  return undefined
}

/** The version that `java -version` names; fails with `no-java`. */
export const javaVersion = (options: JavaOptions): Promise<string> => {
  const command = javaCommand(options)
  return new Promise((resolve, reject) => {
    execFile(command, ["-version"], (error, stdout, stderr) => {
      if (error !== null && "code" in error && error.code === "ENOENT") reject(noJava(command, error))
      else {resolve(
          /version "([^"]+)"/.exec(stdout + stderr)?.[1] ?? (stdout + stderr).trim().split("\n")[0] ?? "unknown"
        )}
    })
  })
}
