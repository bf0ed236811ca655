/** What customers are told of a full store: what it is and where it lies is for operators. */
export const noRoom =
  'There is no room left for files here. Tell the operator, and try again later.'

/** What customers are told of a store that does not work. */
export const notNow = 'The files cannot be reached at the moment. Try again later.'
