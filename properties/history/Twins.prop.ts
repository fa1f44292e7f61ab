/** A twin of each check in a few lines agrees with it on small histories of any kind, and every anomaly occurs. */
import * as fc from "fast-check"
import { expect, it } from "vitest"
import type { Name } from "../../src/history/Anomaly.ts"
import { findAll } from "../../src/history/Checks.ts"
import { judged } from "../../src/history/Judged.ts"
import { histories } from "./Histories.ts"
import { hasCycle, twins } from "./Twins.ts"

const effort = { wwDeps: true, budget: 1_000_000 }

it("data and order checks find what their definitions say", () => {
  const reached = new Map<string, number>()
  fc.assert(
    fc.property(histories, (history) => {
      const findings = findAll(judged(history, false), effort)
      for (const [name, twin] of Object.entries(twins)) {
        const mine = name === "unseen"
          ? findings.filter((finding) => finding.name === "unseen").flatMap(({ fields }) =>
            Object.entries((fields as { messages: { [key: string]: ReadonlyArray<unknown> } }).messages)
              .flatMap(([key, values]) => values.map((value) => `${key} ${value}`))
          )
          : findings.filter((finding) => finding.name === name).map(({ identity }) =>
            identity.replaceAll("\u0000", " ")
          )
        const theirs = twin(history)
        if (theirs.length > 0) reached.set(name, (reached.get(name) ?? 0) + 1)
        expect([...new Set(mine)].sort(), name).toEqual([...new Set(theirs)].sort())
      }
    }),
    { numRuns: 1000 }
  )
  for (const name of Object.keys(twins)) expect(reached.get(name) ?? 0, name).toBeGreaterThan(0)
})

it("a class of cycle and its marker are reported exactly where its graph, and none that implies it, has a cycle", () => {
  const reached = new Set<string>()
  fc.assert(
    fc.property(histories, fc.nat(3), (history, most) => {
      const wwDeps = most > 0
      const names = new Set<Name>(findAll(judged(history, false), { ...effort, wwDeps }).map(({ name }) => name))
      const ww = wwDeps && hasCycle(history, true, false, false)
      const wr = hasCycle(history, wwDeps, true, false)
      const rt = wwDeps && hasCycle(history, true, false, true)
      const all = hasCycle(history, wwDeps, true, true)
      expect(names.has("G0")).toBe(ww)
      if (!ww) expect(names.has("G1c")).toBe(wr)
      if (!ww) expect(names.has("G0-realtime")).toBe(rt)
      if (!ww && !wr && !rt) expect(names.has("G1c-realtime")).toBe(all)
      expect(names.has("PL-1-cycle-exists")).toBe(ww)
      if (!ww) expect(names.has("PL-2-cycle-exists")).toBe(wr)
      if (!ww) expect(names.has("strong-PL-1-cycle-exists")).toBe(rt)
      if (!ww && !wr && !rt) expect(names.has("strong-PL-2-cycle-exists")).toBe(all)
      for (const name of names) reached.add(name)
    }),
    { numRuns: 400 }
  )
  for (const name of ["G0", "G1c", "G0-realtime", "G1c-realtime"]) expect(reached).toContain(name)
})
