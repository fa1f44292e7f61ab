/**
 * The lock file is whole: it names every package that any package in it may want, for every platform. A registry that
 * does not serve the builds of other platforms makes `npm install` leave them out, and then `npm ci` refuses the file
 * everywhere. Such an entry needs only its version, `optional`, and the platform it is for (docs/dependencies.md).
 */
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "vitest"

interface Locked {
  readonly version?: string
  readonly resolved?: string
  readonly optional?: boolean
  readonly os?: ReadonlyArray<string>
  readonly cpu?: ReadonlyArray<string>
  readonly integrity?: string
  readonly link?: boolean
  readonly optionalDependencies?: Readonly<Record<string, string>>
}

const file = join(import.meta.dirname, "..", "..", "package-lock.json")
const { packages } = JSON.parse(readFileSync(file, "utf8")) as { readonly packages: Readonly<Record<string, Locked>> }

describe("the lock file", () => {
  it("names every optional package of every package in it", () => {
    const missing = Object.entries(packages).flatMap(([path, { optionalDependencies = {} }]) =>
      Object.keys(optionalDependencies)
        .filter((name) => !(`node_modules/${name}` in packages) && !(`${path}/node_modules/${name}` in packages))
        .map((name) => `${path} wants ${name}`)
    )
    expect(missing).toEqual([])
  })

  it("vouches for the content of everything that is not for one other platform alone", () => {
    const unchecked = Object.entries(packages).filter(([path, entry]) =>
      path.startsWith("node_modules/") && entry.link !== true && entry.integrity === undefined &&
      !(entry.optional === true && (entry.os !== undefined || entry.cpu !== undefined))
    )
    expect(unchecked.map(([path]) => path)).toEqual([])
  })

  it("names no address of a registry", () => {
    expect(Object.values(packages).filter(({ resolved }) => /^https?:/.test(resolved ?? ""))).toEqual([])
  })
})
