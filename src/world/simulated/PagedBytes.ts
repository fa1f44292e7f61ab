/**
 * The bytes of a file as pages of 4 KiB that several images may share: a page is copied when it is first written by an
 * image that does not own it, and a page never written is absent and reads as zeros.
 *
 *     image A ── [ p0 | p1 | -- | p3 ]        clone() copies this list and takes ownership of every page from both
 *     image B ── [ p0 | p1'| -- | p3 ]        write(p1) in B copies p1
 *
 * The one decision: `size` and the blocks are apart, as in a file system. `put` may write a block beyond the size; it
 * shows once the size covers it, and `cut` throws away what lies beyond. So an append whose size and content reach the
 * medium in either order is built from the same two steps.
 */
const pageBytes = 4096

interface Page {
  readonly bytes: Uint8Array
  readonly owner: object
}

export class PagedBytes {
  size = 0
  private pages: Array<Page | undefined> = []
  private token: object = {}

  static of(bytes: Uint8Array): PagedBytes {
    const image = new PagedBytes()
    image.put(0, bytes)
    image.size = bytes.length
    return image
  }

  /** Writes blocks and leaves the size alone. */
  put(position: number, bytes: Uint8Array): void {
    let from = 0
    while (from < bytes.length) {
      const at = position + from
      const within = at % pageBytes
      const count = Math.min(bytes.length - from, pageBytes - within)
      const page = this.writable((at - within) / pageBytes)
      page.set(count === bytes.length ? bytes : bytes.subarray(from, from + count), within)
      from += count
    }
  }

  /** A copy of `[position, position + length)`, clipped to the size; at the front of `into` where that is given. */
  read(position: number, length: number, into?: Uint8Array): Uint8Array {
    const count = Math.max(0, Math.min(length, this.size - position))
    const bytes = into === undefined ? new Uint8Array(count) : into.subarray(0, count).fill(0)
    let done = 0
    while (done < count) {
      const at = position + done
      const within = at % pageBytes
      const take = Math.min(count - done, pageBytes - within)
      const page = this.pages[(at - within) / pageBytes]
      if (page !== undefined) bytes.set(page.bytes.subarray(within, within + take), done)
      done += take
    }
    return bytes
  }

  /** Sets the size and throws away every block beyond it, so that growing again shows zeros. */
  cut(size: number): void {
    const within = size % pageBytes
    const whole = (size - within) / pageBytes
    if (within > 0 && this.pages[whole] !== undefined) this.writable(whole).fill(0, within)
    const keep = within > 0 ? whole + 1 : whole
    if (this.pages.length > keep) this.pages.length = keep
    this.size = size
  }

  /** The same bytes, in time proportional to the number of pages; neither sees what the other writes from here on. */
  clone(): PagedBytes {
    const copy = new PagedBytes()
    copy.size = this.size
    copy.pages = this.pages.slice()
    this.token = {}
    return copy
  }

  private writable(index: number): Uint8Array {
    const page = this.pages[index]
    if (page !== undefined && page.owner === this.token) return page.bytes
    while (this.pages.length < index) this.pages.push(undefined)
    const bytes = page === undefined ? new Uint8Array(pageBytes) : page.bytes.slice()
    this.pages[index] = { bytes, owner: this.token }
    return bytes
  }
}
