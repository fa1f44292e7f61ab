/** Search over machines: breadth first, random walks, and paths that can be read. */
export * from "./Exploration.ts"
export type { Graph } from "./Graph.ts"
export * as Path from "./Path.ts"
export { explore } from "./Search.ts"
export * as Story from "./Story.ts"
export * as Walk from "./Walk.ts"
