/**
 * TLC, the TLA+ model checker, from TypeScript: checks as typed events and results, counterexamples as data, the whole
 * labelled state graph, and TLC as an oracle that follows recorded traces.
 */
export { type Check, check, type CheckOptions } from "./Check.ts"
export { type Diagnosis, doctor, type Finding } from "./Doctor.ts"
export { type FailureReason, TlaToolsError } from "./Failure.ts"
export {
  type Graph,
  graph,
  type GraphEdge,
  type GraphLabel,
  type GraphOptions,
  type GraphState,
  type GraphSummary,
  type GraphVisitor
} from "./Graph.ts"
export { type ItfState, type ItfTrace, type ItfValue, toItf, toItfValue } from "./Itf.ts"
export { resolveTlc, type Tlc, type TlcOptions } from "./Jar.ts"
export type { JavaOptions } from "./Java.ts"
export { type Constant, type Expression, expression, type ModelOptions } from "./Model.ts"
export {
  type Oracle,
  oracle,
  type OracleAnswer,
  type OracleOptions,
  type OracleStep,
  type PartialState,
  type TraceAnswer
} from "./Oracle.ts"
export type { ActionCoverage, CheckEvent, CheckResult, Verdict, Violation } from "./Outcome.ts"
export type { StopOptions } from "./Run.ts"
export type { SpecError } from "./SpecError.ts"
export {
  coverage,
  type CoverageResult,
  isViolation,
  simulate,
  sweep,
  type SweepResult,
  type SweepRun,
  type SweepSpace
} from "./Sweep.ts"
export type { Location } from "./ToolOutput.ts"
export { formatTrace, type Loop, type Trace, type TraceState } from "./Trace.ts"
export {
  canonical,
  equalValues,
  functionOf,
  type FunctionValue,
  type ModelValue,
  modelValue,
  type OpaqueValue,
  recordOf,
  type RecordValue,
  setOf,
  type SetValue,
  type Value,
  valueKey
} from "./Value.ts"
export { parseValue, printValue } from "./ValueText.ts"
