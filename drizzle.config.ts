// Development only: build/migration.ts makes src/db/migrations/ from the tables with it.
import { defineConfig } from "drizzle-kit";

export default defineConfig({
  dialect: "sqlite",
  schema: "./src/db/tables/*.ts",
  out: "./src/db/migrations",
  breakpoints: false,
});
