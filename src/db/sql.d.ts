/** SQL is embedded as text: `import sql from "./x.sql" with { type: "text" }`. */
declare module "*.sql" {
  const sql: string;
  export default sql;
}
