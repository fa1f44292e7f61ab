import { defineConfig } from "vitest/config"

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts", "properties/**/*.prop.ts", "packages/*/test/**/*.test.ts"],
    testTimeout: 120_000,
    maxWorkers: 2
  }
})
