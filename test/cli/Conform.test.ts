/** `conform` and `spec` as a user types them. */
import { expect, it } from "vitest"
import { itTlc } from "../Tlc.ts"
import { ackproof } from "./CommandLine.ts"

itTlc("one configuration is compared or checked by its name", () => {
  const configuration = "MCZooKeeper_Reach_Expires"
  const { status, stdout } = ackproof("conform", configuration, "--json")
  expect(JSON.parse(stdout)).toMatchObject([{ module: "ZooKeeper", configuration, identical: true }])
  expect(status).toBe(0)
  const checked = ackproof("spec", configuration, "--json")
  expect(JSON.parse(checked.stdout)).toMatchObject([{ configuration }])
  expect(checked.status).toBe(0)
})

it.each(["conform", "spec"])(
  "a name that neither a module nor a configuration has is said in a line: %s",
  (command) => {
    const { status, stderr, stdout } = ackproof(command, "MCNothing")
    expect([status, stdout]).toEqual([2, ""])
    expect(stderr).toMatch(/no module or configuration is called MCNothing; modules are: ControllerElection, .*\n$/)
  }
)
