import { describeContentAnswers } from '../contracts/content-answers.ts'
import { patternBytes } from '../support/bytes.ts'
import { storedContent } from '../support/stored-content.ts'

describeContentAnswers('a small stored file', (t) => storedContent(t, patternBytes(1500)))
describeContentAnswers('a stored file of many chunks', (t) => {
  return storedContent(t, patternBytes(700_001))
})
