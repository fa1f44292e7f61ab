import { defineConfig } from "vitest/config"

/** Milliseconds a test may take; in the deep tier, where properties run for as long as their numbers ask, six hours. */
const testTimeout = process.env["ACKPROOF_TIER"] === "deep" ? 6 * 3_600_000 : 240_000

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts", "properties/**/*.prop.ts", "packages/*/test/**/*.test.ts"],
    setupFiles: ["test/Seed.ts"],
    testTimeout,
    hookTimeout: 240_000,
    maxWorkers: 2
  }
})
