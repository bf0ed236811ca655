import { render } from 'preact'

const root = document.getElementById('portal')
if (root !== null) render(<h1>Claimcheck</h1>, root)
