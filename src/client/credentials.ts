/** How to sign in. Each API takes one or two of these; the client picks none by itself. */
export type Credentials =
  | { readonly kind: 'none' }
  | { readonly kind: 'bearer'; readonly token: string }
  | { readonly kind: 'basic'; readonly user: string; readonly password: string }
  /** OAuth2 password grant; `user` and `password` stand in the token request. */
  | {
      readonly kind: 'password-grant'
      readonly tokenUrl: string
      readonly user: string
      readonly password: string
      /** Who the program is, by Basic; REGARDS' documented default is `client:secret`. */
      readonly clientId?: string
      readonly clientSecret?: string
    }
  | {
      readonly kind: 'client-credentials'
      readonly tokenUrl: string
      readonly clientId: string
      readonly clientSecret: string
      readonly scope?: string
    }

/** `Basic …` (RFC 7617), in UTF-8. */
export function formatBasic(user: string, password: string): string {
  const bytes = new TextEncoder().encode(`${user}:${password}`)
  return `Basic ${btoa(String.fromCharCode(...bytes))}`
}
