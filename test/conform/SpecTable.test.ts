/** The table of spec/README.md is what modules, manifests and sources say; `REWRITE=1` writes it again. */
import { readdirSync, readFileSync, writeFileSync } from "node:fs"
import { basename, dirname, join } from "node:path"
import { expect, it } from "vitest"
import { checkedProperties, specFolder, specModules } from "../../src/cli/SpecFiles.ts"
import { type Source, specTable } from "../../src/conform/SpecTable.ts"

const root = join(import.meta.dirname, "..", "..")
const file = join(specFolder, "README.md")
const mark = "<!-- generated -->"

const sourcesOf = (folder: string): ReadonlyArray<Source> =>
  readdirSync(join(root, folder)).filter((name) => name.endsWith(".ts")).toSorted().map((name) => ({
    path: `${folder}/${name}`,
    text: readFileSync(join(root, folder, name), "utf8")
  }))

it("the table of the specifications is what they say", () => {
  const sources = ["kafka", "rocketmq"].flatMap((panel) =>
    ["rules", "nodes"].flatMap((part) => sourcesOf(`src/${panel}/${part}`))
  )
  const modules = specModules().map((module) => ({
    panel: basename(dirname(module.file)),
    text: module.text,
    rows: module.rows,
    checked: checkedProperties(module)
  }))
  const [introduction, written] = readFileSync(file, "utf8").split(mark)
  const generated = `\n\n${specTable(modules, sources)}`
  if (process.env["REWRITE"] === "1") writeFileSync(file, `${introduction}${mark}${generated}`)
  else expect(written).toBe(generated)
  expect(modules.every(({ text }) => text.actions.length > 0)).toBe(true)
  // A rule and a node that are known to be there (src/rocketmq/rules/RouteTables, src/rocketmq/nodes/NameServer).
  expect(generated).toContain("| Register(NameServers, Brokers) | RouteTables | NameServer |")
})
