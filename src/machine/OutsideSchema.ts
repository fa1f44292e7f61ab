/** A value that a schema does not describe: where in the state, what was found, what would have fitted. */
import * as Schema from "effect/Schema"

/** Fails a packing or a translation; the message is one line. */
export class OutsideSchema extends Schema.TaggedError<OutsideSchema>()("OutsideSchema", {
  message: Schema.String,
  /** The place in the state, such as `log[2][0].epoch`. */
  path: Schema.String,
  /** The label whose step left the schema, such as `Fetch(2,1)`, where it was a step. */
  label: Schema.optional(Schema.String),
  /** The labels that lead to the state that it left, where a search took the step. */
  steps: Schema.optional(Schema.String)
}) {}

/** The failure at a place. */
export const outsideSchema = (path: string, found: unknown, expected: string): OutsideSchema =>
  new OutsideSchema({ path, message: `${path || "the value"} is ${JSON.stringify(found)}, outside ${expected}` })

/** The same failure, of a step that was taken after others. */
export const outsideAfter = ({ message, path }: OutsideSchema, steps: string, label: string): OutsideSchema =>
  new OutsideSchema({
    path,
    label,
    steps,
    message: `${message}: after ${label}${steps === "" ? "" : `, which follows ${steps}`}`
  })
