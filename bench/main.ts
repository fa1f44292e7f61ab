/**
 * `npm run bench -- NAME [ARGS]`: runs `bench/NAME.ts`, side by side with the real engines and tools. Without a name it
 * lists what there is. Exit 1 when an asserted ratio does not hold.
 */
import { readdirSync } from "node:fs"

const names = readdirSync(import.meta.dirname, { withFileTypes: true })
  .filter((entry) =>
    entry.isFile() && entry.name.endsWith(".ts") && entry.name !== "main.ts" && /^[a-z]/.test(entry.name)
  )
  .map((entry) => entry.name.slice(0, -3))
  .sort()

const [name, ...args] = process.argv.slice(2)
if (name === undefined || !names.includes(name)) {
  console.error(`bench: ${name === undefined ? "no name" : `there is no ${name}`}; there are ${names.join(", ")}`)
  process.exitCode = 2
} else {
  const module = await import(new URL(`${name}.ts`, import.meta.url).href) as {
    readonly run: (args: ReadonlyArray<string>) => Promise<void>
  }
  await module.run(args)
}
