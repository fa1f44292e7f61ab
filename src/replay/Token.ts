/**
 * A run in one word that can be pasted: `ackproof replay TOKEN` tells it again.
 *
 *     ap1.<kind>.<body>.<check>       body: base64url of the deflated JSON; check: CRC-32 of all before it, 8 hex digits
 *
 * `kind` says what the body is and who can tell it: a storage run, a path of a model, a run of a cluster. The digit
 * after "ap" is the version of this format: an older or newer one is refused, never guessed at.
 */
import { Result, Schema } from "effect"
import { crc32, deflateRawSync, inflateRawSync } from "node:zlib"

/** A token that cannot be read, and what would have worked. */
export class TokenError extends Schema.TaggedError<TokenError>()("TokenError", { message: Schema.String }) {}

/** What a token carries: who tells it (`kind`), the seed it came from, and plain JSON data. */
export interface Token {
  /** Lower-case words joined by hyphens, e.g. `primary-backup`. */
  readonly kind: string
  readonly body: unknown
}

const version = "ap1"
const shape = /^([a-z0-9]+)\.([a-z0-9-]+)\.([A-Za-z0-9_-]+)\.([0-9a-f]{8})$/
/** A token longer than this when inflated is no token of ours; it bounds what a hostile one can make us allocate. */
const maximumBytes = 16 * 1024 * 1024

const checkOf = (text: string): string => crc32(text).toString(16).padStart(8, "0")

/** Prints a token. Throws a `RangeError` for a kind that is not lower-case words joined by hyphens. */
export const print = ({ body, kind }: Token): string => {
  if (!/^[a-z0-9]+(-[a-z0-9]+)*$/.test(kind)) throw new RangeError(`"${kind}" cannot be the kind of a token`)
  const json = JSON.stringify(body)
  if (json.length > maximumBytes) throw new RangeError(`a token of ${json.length} characters could not be read again`)
  const text = `${version}.${kind}.${deflateRawSync(json).toString("base64url")}`
  return `${text}.${checkOf(text)}`
}

const wrong = (message: string): Result.Result<Token, TokenError> => Result.fail(new TokenError({ message }))

/** Reads a token, or says in one line what is wrong with it. */
export const parse = (text: string): Result.Result<Token, TokenError> => {
  const parts = shape.exec(text.trim())
  if (parts === null) return wrong(`this is no token: expected ${version}.KIND.BODY.CHECK, as a failing run prints it`)
  const [, found, kind, body, check] = parts as unknown as [string, string, string, string, string]
  if (found !== version) return wrong(`the token is of version ${found}; this ackproof reads ${version}`)
  if (checkOf(`${found}.${kind}.${body}`) !== check) {
    return wrong("the token was altered or cut on the way: its check does not fit; copy the whole word")
  }
  try {
    const json = inflateRawSync(Buffer.from(body, "base64url"), { maxOutputLength: maximumBytes })
    return Result.succeed({ kind, body: JSON.parse(json.toString("utf8")) })
  } catch {
    return wrong("the token's body is no deflated JSON, though its check fits: it was not printed by ackproof")
  }
}
