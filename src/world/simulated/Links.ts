/** The ways between machines, one each direction: cut or not, quick or slow. */
interface Link {
  cut: boolean
  slowMicros: number
}

export class Links {
  private readonly links = new Map<string, Link>()

  isCut(from: string, to: string): boolean {
    return this.links.get(`${from}>${to}`)?.cut === true
  }

  /** Neither direction is cut. */
  isWhole(one: string, other: string): boolean {
    return !this.isCut(one, other) && !this.isCut(other, one)
  }

  cut(from: string, to: string, cut: boolean): void {
    this.link(from, to).cut = cut
  }

  slow(from: string, to: string, millis: number): void {
    this.link(from, to).slowMicros = millis * 1000
  }

  /** What a message takes longer on its way, in microseconds. */
  slowness(from: string, to: string): number {
    return this.links.get(`${from}>${to}`)?.slowMicros ?? 0
  }

  private link(from: string, to: string): Link {
    const key = `${from}>${to}`
    const link = this.links.get(key) ?? { cut: false, slowMicros: 0 }
    this.links.set(key, link)
    return link
  }
}
