/** Search over machines: breadth first, random walks, and paths that can be read. */
export { assist, type Crew, type CrewOptions, exploreWith } from "./Crew.ts"
export * from "./Exploration.ts"
export type { Graph } from "./Graph.ts"
export * as Path from "./Path.ts"
export { explore } from "./Search.ts"
export type { SharedMemory } from "./SharedTable.ts"
export * as Story from "./Story.ts"
export * as Walk from "./Walk.ts"
