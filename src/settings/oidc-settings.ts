import { optional, setting } from './setting.ts'
import { issuerUrl, plainText, secretText } from './setting-kinds.ts'

/** The settings of the identity provider by which people sign in to the portal. */
export const oidcSettings = {
  oidcIssuer: optional(
    'OIDC_ISSUER',
    issuerUrl,
    'The OpenID Connect provider by which people may sign in to the portal (docs/portal.md).',
  ),
  oidcClientId: optional('OIDC_CLIENT_ID', plainText, 'The client id that the provider gave.'),
  oidcClientSecret: optional(
    'OIDC_CLIENT_SECRET',
    secretText,
    'The client secret that the provider gave.',
  ),
  oidcUsernameClaim: setting(
    'OIDC_USERNAME_CLAIM',
    plainText,
    'preferred_username',
    'The claim whose value is the user name of an account here, such as email; looked at when somebody first comes.',
  ),
  oidcName: setting(
    'OIDC_NAME',
    plainText,
    'single sign-on',
    'What the provider is called on the sign-in page.',
  ),
} as const
