/**
 * The seed of every property of this run: ACKPROOF_SEED where it is given, a fixed one in CI, so that what CI says is
 * about the change, and a fresh one elsewhere, so that every run at a desk looks at other histories. fast-check prints
 * the seed of what fails.
 */
import * as fc from "fast-check"

const given = process.env["ACKPROOF_SEED"] ?? (process.env["CI"] === "true" ? "20261124" : undefined)
if (given !== undefined) {
  if (!/^-?\d{1,10}$/.test(given)) {
    throw new Error(`ACKPROOF_SEED is ${JSON.stringify(given)}: a whole number is wanted`)
  }
  fc.configureGlobal({ seed: Number(given) })
}
