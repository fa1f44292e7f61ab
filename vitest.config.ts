import { defineConfig } from "vitest/config"

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts", "properties/**/*.prop.ts", "packages/*/test/**/*.test.ts"],
    setupFiles: ["test/Seed.ts"],
    testTimeout: 240_000,
    hookTimeout: 240_000,
    maxWorkers: 2
  }
})
