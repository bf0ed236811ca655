import { Component, type ComponentChildren } from 'preact'
import { ApiError } from '../api.ts'
import { ErrorNotice } from './notice.tsx'

/** Where a page fails to draw itself, it says so; the menu stays. */
export class Boundary extends Component<{ children: ComponentChildren }, { hasFailed: boolean }> {
  override state = { hasFailed: false }

  static override getDerivedStateFromError(): { hasFailed: boolean } {
    return { hasFailed: true }
  }

  override render(): ComponentChildren {
    if (!this.state.hasFailed) return this.props.children
    return <ErrorNotice error={new ApiError(500, {})} onRetry={() => location.reload()} />
  }
}
