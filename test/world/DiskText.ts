/** A disk's contents as short text, for expectations that read as what they mean. */

export const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

/** `/a=old /b=x0y`: paths in order, a zero byte shown as `0`, any byte as the character of its code. */
export const shown = (image: ReadonlyMap<string, Uint8Array>): string =>
  [...image].map(([path, content]) => `${path}=${textOf(content)}`).join(" ")

export const textOf = (content: Uint8Array): string =>
  Array.from(content, (byte) => byte === 0 ? "0" : String.fromCharCode(byte)).join("")
