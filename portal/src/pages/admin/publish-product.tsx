import { useEffect, useRef, useState } from 'preact/hooks'
import { transmit } from '../../api.ts'
import { formatSize } from '../../format.ts'
import { Dialog } from '../../parts/dialog.tsx'
import { Drop } from '../../parts/drop.tsx'
import { announce, ErrorNotice } from '../../parts/notice.tsx'
import { Progress } from '../../parts/state-badge.tsx'
import { useAction } from '../../parts/use-action.ts'
import { t } from '../../texts.ts'

interface PublishProps {
  onPublished(): void
  onClose(): void
}

const fields = ['product_id', 'product_dataset', 'product_dataset_label'] as const
const nothing = { product_id: '', product_dataset: '', product_dataset_label: '' }

/** What a product is, and its files: all of it is published in one moment. */
export function PublishProduct({ onPublished, onClose }: PublishProps) {
  const [about, setAbout] = useState(nothing)
  const [properties, setProperties] = useState('')
  const [files, setFiles] = useState<readonly File[]>([])
  const [done, setDone] = useState<number | null>(null)
  const leaving = useRef(new AbortController())
  useEffect(() => () => leaving.current.abort(), [])
  const action = useAction()
  const publish = async () => {
    setDone(0)
    try {
      await transmit({
        method: 'POST',
        url: '/v1/products',
        bytes: toForm(about, properties, files),
        onProgress: setDone,
        signal: leaving.current.signal,
      })
      announce(t('published', { name: about.product_id }))
      onPublished()
      onClose()
    } finally {
      setDone(null)
    }
  }
  return (
    <Dialog title={t('product_publish')} onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault()
          action.run(publish)
        }}
      >
        {fields.map((key) => (
          <div class="field" key={key}>
            <label for={key}>
              {t(key)}
              {key === 'product_dataset_label' && <span class="quiet"> ({t('optional')})</span>}
            </label>
            <input
              id={key}
              required={key !== 'product_dataset_label'}
              maxLength={255}
              spellcheck={false}
              autocomplete="off"
              value={about[key]}
              onInput={(event) => setAbout({ ...about, [key]: event.currentTarget.value })}
            />
          </div>
        ))}
        <div class="field">
          <label for="product-properties">
            {t('product_properties')} <span class="quiet">({t('optional')})</span>
          </label>
          <textarea
            id="product-properties"
            rows={3}
            spellcheck={false}
            placeholder="platform=S2A"
            aria-describedby="product-properties-hint"
            value={properties}
            onInput={(event) => setProperties(event.currentTarget.value)}
          />
          <p class="quiet" id="product-properties-hint">
            {t('product_properties_hint')}
          </p>
        </div>
        <Drop
          label={t('product_drop')}
          hint={t('product_drop_hint')}
          disabled={done !== null}
          multiple
          onFiles={(more) => setFiles([...files, ...more])}
        />
        <ul class="chosen-files">
          {files.map((file) => (
            <li key={file}>
              <span>
                {file.name} <span class="quiet">{formatSize(file.size)}</span>
              </span>
              <button
                type="button"
                aria-label={t('take_away_name', { name: file.name })}
                disabled={done !== null}
                onClick={() => setFiles(files.filter((other) => other !== file))}
              >
                {t('take_away')}
              </button>
            </li>
          ))}
        </ul>
        {done !== null && <Progress value={done} label={t('uploading')} />}
        <ErrorNotice error={action.error} />
        <button type="submit" class="primary" disabled={action.isBusy || files.length === 0}>
          {t('product_publish')}
        </button>
      </form>
    </Dialog>
  )
}

function toForm(about: typeof nothing, properties: string, files: readonly File[]): FormData {
  const { product_id: productId, product_dataset: id, product_dataset_label: label } = about
  const dataset = { id, ...(label === '' ? {} : { label }) }
  const form = new FormData()
  form.append('product', JSON.stringify({ productId, dataset, properties: readPairs(properties) }))
  for (const file of files) form.append('file', file)
  return form
}

/** Lines of `name=value`; a name that is there several times has several values. */
function readPairs(text: string): Record<string, string[]> {
  const pairs: Record<string, string[]> = {}
  for (const line of text.split('\n').filter((one) => one.trim() !== '')) {
    const [name = '', ...value] = line.split('=')
    pairs[name.trim()] = [...(pairs[name.trim()] ?? []), value.join('=').trim()]
  }
  return pairs
}
