import type { ComponentChildren } from 'preact'
import { AccountPage } from './pages/admin/account.tsx'
import { AccountsPage } from './pages/admin/accounts.tsx'
import { AllDeliveriesPage } from './pages/admin/all-deliveries.tsx'
import { AuditPage } from './pages/admin/audit.tsx'
import { JobsPage } from './pages/admin/jobs.tsx'
import { OrganizationsPage } from './pages/admin/organizations.tsx'
import { ProductsPage } from './pages/admin/products.tsx'
import { SettingsPage } from './pages/admin/settings.tsx'
import { TypesPage } from './pages/admin/types.tsx'
import { UsagePage } from './pages/admin/usage.tsx'
import { AskPage, AskTypePage } from './pages/ask.tsx'
import { DeliveryPage } from './pages/delivery.tsx'
import { ImportPage, ImportsPage } from './pages/imports.tsx'
import { KeysPage } from './pages/keys.tsx'
import { LinksPage } from './pages/links.tsx'
import { NotFoundPage } from './pages/not-found.tsx'
import { OrderPage } from './pages/order.tsx'
import { OrdersPage } from './pages/orders.tsx'
import { PickUpPage } from './pages/pick-up.tsx'
import { PortOrderPage, PortOrdersPage } from './pages/port-orders.tsx'
import { StudiesPage } from './pages/studies.tsx'
import type { Me } from './wire.ts'

interface Visit {
  query: URLSearchParams
  me: Me
}

/** The page at a path of the portal. */
export function pageAt(path: string, { query, me }: Visit): ComponentChildren {
  const [, area = '', ...rest] = path.split('/').map(decode)
  const [id] = rest
  switch (area) {
    case '':
    case 'sign-in':
    case 'pick-up':
      return <PickUpPage />
    case 'ask':
      return id ? <AskTypePage key={id} name={id} /> : <AskPage />
    case 'deliveries':
      return id ? <DeliveryPage key={id} id={id} me={me} /> : <PickUpPage />
    case 'orders':
      return id ? <OrderPage key={id} number={id} /> : <OrdersPage />
    case 'studies':
      return <StudiesPage query={query} />
    case 'imports':
      return id ? <ImportPage key={id} id={id} /> : <ImportsPage />
    case 'port-orders':
      return id ? <PortOrderPage key={id} number={id} /> : <PortOrdersPage />
    case 'links':
      return <LinksPage />
    case 'keys':
      return <KeysPage me={me} />
    case 'admin':
      return adminPageAt(rest, me)
    default:
      return <NotFoundPage />
  }
}

function adminPageAt([area, id]: string[], me: Me): ComponentChildren {
  switch (area) {
    case 'deliveries':
      return <AllDeliveriesPage />
    case 'accounts':
      return id ? <AccountPage key={id} id={id} me={me} /> : <AccountsPage />
    case 'products':
      return <ProductsPage />
    case 'types':
      return <TypesPage />
    case 'jobs':
      return <JobsPage />
    case 'usage':
      return <UsagePage />
    case 'audit':
      return <AuditPage />
    case 'organizations':
      return <OrganizationsPage />
    case 'settings':
      return <SettingsPage />
    default:
      return <NotFoundPage />
  }
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
