// Development only: `npm run migration` writes the next src/db/migrations/*.sql from the tables.
import { defineConfig } from "drizzle-kit";

export default defineConfig({
  dialect: "sqlite",
  schema: "./src/db/tables/*.ts",
  out: "./src/db/migrations",
});
