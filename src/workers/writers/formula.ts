/**
 * Would a spreadsheet run this text as a formula, when it stands in a CSV cell? Those that begin
 * with `=`, `+`, `-` or `@`, also in the full-width forms that spreadsheets fold, or with a tab or
 * line break that is dropped before they look (OWASP, CSV Injection).
 */
export function looksLikeFormula(text: string): boolean {
  return /^[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]/.test(text)
}
