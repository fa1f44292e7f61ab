/** Random walks of every model, at bounds that no search ends in: TLC takes each step too. */
import { expect, it } from "vitest"
import { oracle } from "../../packages/tla-tools-runner/src/index.ts"
import { specModules } from "../../src/cli/SpecFiles.ts"
import { twins } from "../../src/cli/Twins.ts"
import { asked } from "../../src/conform/Counterexample.ts"
import * as Walk from "../../src/explore/Walk.ts"
import type { TlaValue } from "../../src/machine/TlaValue.ts"
import { seeded } from "../../src/replay/Choose.ts"
import { describeTlc } from "../Tlc.ts"

interface Walks {
  readonly module: string
  /** The constants of the module's first configuration, but for these. */
  readonly larger: Readonly<Record<string, boolean | number | ReadonlyArray<string>>>
  readonly walks: number
  /** The most steps of a walk. */
  readonly steps: number
  /** The least steps of all walks. */
  readonly least: number
  readonly rare: ReadonlyArray<string>
  /** Actions that only a guard which is off lets happen. */
  readonly never: ReadonlyArray<string>
}

const routingFaults = ["Expire", "WipeWritePerm", "Reset", "CutLink", "KillBroker", "KillServer"]

const everyModule: ReadonlyArray<Walks> = [
  {
    module: "NameServerRouting",
    larger: {
      NameServerCount: 2,
      MasterCount: 2,
      SlaveCount: 1,
      ClientCount: 1,
      MaxVersion: 6,
      MaxInFlight: 2,
      MaxFaults: 12,
      FaultKinds: routingFaults
    },
    walks: 100,
    steps: 1_000,
    least: 100_000,
    rare: [...routingFaults, "SwitchServer"],
    never: []
  },
  {
    module: "NameServerRoutingTimed",
    larger: {
      NameServerCount: 2,
      BrokerCount: 3,
      ClientCount: 2,
      MaxFaults: 20,
      FaultKinds: ["Freeze", "Kill", "CutLink", "PauseServer"]
    },
    walks: 10,
    steps: 500,
    least: 5_000,
    rare: ["Thaw", "HealLink", "ResumeServer", "Start", "Freeze", "Kill", "CutLink", "PauseServer"],
    never: []
  },
  {
    module: "ProducerRouting",
    larger: {
      ByKey: false,
      AvoidFaulty: true,
      MasterCount: 3,
      MaxValues: 12,
      MaxTries: 3,
      MaxResends: 4,
      MaxFaults: 12,
      FaultKinds: ["Freeze", "Kill"]
    },
    walks: 40,
    steps: 500,
    least: 3_000,
    rare: [],
    never: []
  },
  {
    module: "ZooKeeper",
    larger: {
      Clients: 3,
      Kinds: ["Take", "Look", "Leave", "Make", "Remove", "Fenced", "List", "Close", "Count", "Claim", "Get"],
      FaultKinds: ["Reset", "Kill", "Expire", "GiveUp"],
      MaxAsks: 60,
      MaxSessions: 12,
      MaxFaults: 20,
      MaxKept: 4
    },
    walks: 12,
    steps: 500,
    least: 3_000,
    rare: ["Reset", "Kill", "Expire", "GiveUp"],
    // Without EphemeralsGoAtOnce and EventsGoFirst.
    never: ["Release", "Sweep"]
  },
  {
    module: "ZooKeeperSessionsTimed",
    larger: { Clients: 4, MaxFaults: 8 },
    walks: 10,
    steps: 500,
    least: 5_000,
    rare: [],
    never: []
  },
  {
    module: "ControllerElection",
    larger: {
      Cuts: true,
      Brokers: 3,
      Partitions: 2,
      Replicas: 3,
      WarmLeader: 2,
      AskKinds: ["CreatePartition", "PreferLeader", "ShutDown"],
      MaxRecords: 3,
      MaxFaults: 40,
      MaxDeletes: 3,
      MaxAlters: 8,
      MaxAsked: 6,
      MaxSessions: 8,
      MaxQueue: 12
    },
    walks: 10,
    steps: 1_000,
    least: 10_000,
    rare: ["DeleteController", "Expire", "Kill", "PowerLoss", "Terminate"],
    // Without AtomicBecomeFollower.
    never: ["ObeyHalf"]
  }
]

const valueOf = (constant: unknown): TlaValue =>
  Array.isArray(constant)
    ? { _tag: "Set", elements: constant as ReadonlyArray<TlaValue> }
    : constant as boolean | number | string

describeTlc("a random walk of the model at large bounds", () => {
  it("is asked of every module", () => {
    expect(everyModule.map(({ module }) => module).toSorted()).toEqual(specModules().map(({ name }) => name).toSorted())
  })

  it.each(everyModule)("is a behaviour of the specification: $module, $least steps", async (each) => {
    const { file, rows } = specModules().find(({ name }) => name === each.module)!
    const row = rows[0]!
    const constants = { ...row.config.constants, ...each.larger }
    const machine = twins[each.module]!(constants)
    const walk = Walk.walker(machine, { steps: each.steps, rare: each.rare })
    const running = await oracle(file, {
      config: row.configFile,
      constants: Object.fromEntries(Object.entries(constants).map(([name, value]) => [name, valueOf(value)]))
    })
    const taken = new Set<string>()
    let accepted = 0
    try {
      for (let seed = 1; seed <= each.walks; seed++) {
        const { path } = walk(seeded(seed))
        const { first, steps } = asked(machine, path)
        for (const { action } of steps) taken.add(action)
        const answer = await running.trace(first, steps)
        expect(answer.refused).toBeUndefined()
        expect(answer.accepted).toBe(steps.length)
        accepted += answer.accepted
      }
    } finally {
      await running.close()
    }
    expect(accepted).toBeGreaterThanOrEqual(each.least)
    expect(Object.keys(machine.actions).filter((action) => !taken.has(action)).toSorted()).toEqual(each.never)
  })
})
