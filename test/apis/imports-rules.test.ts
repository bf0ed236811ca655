import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { findPrincipal } from '../../src/core/accounts/accounts.ts'
import type { RosterNoun } from '../../src/core/imports/import-templates.ts'
import { importFile } from '../support/import-client.ts'
import { listRoster } from '../support/roster.ts'
import { createTestAccount, startTestServer } from '../support/test-server.ts'

/** The vendor's templates with their own sample rows, as its user guide prints them. */
const samples = {
  organizations:
    'hierarchy_organizationId,hierarchy_organizationName,hierarchy_organizationDescription,hierarchy_parentOrganizationId\nMyOrganizationID,My Organization Name, My Organization description,root\n',
  users:
    'user_username,user_name,user_password,user_email,user_language,user_active,user_role,user_organizationId,user_externalId,user_metadata_<KEY>\nuser1,User Name,Password1!,test@email.com,en-US,TRUE,CONTENT_CREATOR|GROUP_CREATOR,root,{"google": "user-id"},{metadata_value}\nuser2,User Name 2,Password1!,test2@email.com,en-US,TRUE,ADMIN,root,{"google": "user-id"},{metadata_value}\n',
  groups:
    'group_name,group_description,group_active,group_organizationId,group_metadata_<KEY>\nGroup A,Group A description,TRUE,root,metadata_<KEY>\nGroup B,Group B description,TRUE,root,metadata_<KEY>\n',
  'link-existing-user-to-groups': 'user_username,group_name,group_role\nuser1,Group B,GRADER\n',
  'sessions-with-delivery-in-new-groups':
    'session_deliveryId,group_name,group_description,group_active,session_name,session_timezone,session_startDate,session_endDate,session_submissionDate,session_waitingPageDate,session_securitySettings,session_reviewSettings,session_testRunnerAccessibilityPlugins,session_testRunnerSessionPlugins,session_reportSettings,session_readAloud,group_organizationId\nMyDeliveryID,Group C,Grade 10 Math,TRUE,Session 3,Europe/Warsaw,2023-01-01T12:00:00Z,2023-12-31T12:00:00Z,2024-1-31T12:00:00Z,2022-12-1T12:00:00Z,"requireFullscreen,preventRightClickAndKeyboardShortcuts,preventScreenshot","enableTTReview","contrast,contrastToolOptions,customPointer,customPointerOptions,font,fontToolOptions,zoom","studentReport","print",content-based,root\n',
}

describe('the roster import', () => {
  it("takes the vendor's templates with their sample rows", async (t) => {
    const { send, roster } = await setUp(t)
    for (const [template, text] of Object.entries(samples)) {
      const outcome = await send(text)
      assert.equal(outcome.template, template)
      assert.equal(outcome.rows.failed, 0, outcome.text)
      assert.ok(outcome.lines.every((line) => line.status === 'created'))
      const again = await send(text)
      assert.ok(
        again.lines.every(
          ({ status }) => status === (template === 'users' ? 'updated' : 'unchanged'),
        ),
      )
    }
    assert.deepEqual((await roster('users'))[0]?.fields, {
      ...{ username: 'user1', name: 'User Name', email: 'test@email.com', language: 'en-US' },
      ...{ active: true, roles: ['CONTENT_CREATOR', 'GROUP_CREATOR'], organizationId: 'root' },
      ...{ externalId: { google: 'user-id' }, 'metadata.<KEY>': '{metadata_value}' },
    })
    const [session] = await roster('sessions')
    assert.equal(session?.fields.group, 'Group C')
    assert.equal(session?.fields.submissionDate, '2024-01-31T12:00:00Z')
    assert.deepEqual(session?.fields.reviewSettings, ['enableTTReview'])
    assert.deepEqual(
      (await roster('memberships')).map(({ fields }) => fields),
      [{ username: 'user1', group: 'Group B', roles: ['GRADER'] }],
    )
  })

  it('keeps, replaces and removes by the update rules', async (t) => {
    const { send, roster } = await setUp(t)
    await send(
      'user_username,user_name,user_password,user_email,user_metadata_a,user_metadata_b\nada,Ada,Password1!,a@b.c,1,2\n',
    )
    const update = await send('user_email,user_username,user_metadata_a,user_active\n,ada,,\n')
    assert.equal(update.lines[0]?.status, 'updated')
    const fields = { username: 'ada', name: 'Ada', active: true, organizationId: 'root' }
    assert.deepEqual((await roster('users'))[0]?.fields, { ...fields, 'metadata.b': '2' })
    const mandatory = await send(
      'user_username,user_password,user_organizationId\nada,,root\nada,Password1!,\n,Password1!,root\n',
    )
    assert.deepEqual(
      mandatory.lines.map(({ message }) => message),
      [
        'user_password is mandatory and must not be empty.',
        'user_organizationId is mandatory and must not be empty.',
        'user_username is mandatory and must not be empty.',
      ],
    )
    const warned = await send('user_username,user_active\nada,0\n')
    assert.deepEqual(
      [warned.lines[0]?.status, warned.lines[0]?.message],
      ['updated', 'Warning: user_active: "0" was taken for FALSE.'],
    )
    assert.equal((await roster('users'))[0]?.fields.active, false)
  })

  it('stores passwords as argon2id hashes only, and keeps them out of the result', async (t) => {
    const { send, server } = await setUp(t)
    const outcome = await send('user_username,user_password\nada,Password1!\n')
    assert.doesNotMatch(outcome.text, /Password1!/)
    const [row] = await server.core.database.kysely.selectFrom('roster_users').selectAll().execute()
    assert.match(JSON.parse(row?.fields ?? '{}').password, /^\$argon2id\$v=19\$m=1024,t=1,p=1\$/)
    const uploads = await server.core.database.kysely
      .selectFrom('stored_files')
      .select(['encryption', 'released_at'])
      .where('media_type', '=', 'text/csv')
      .execute()
    assert.equal(uploads.length, 1)
    assert.notEqual(uploads[0]?.encryption, null)
    assert.notEqual(uploads[0]?.released_at, null)
  })

  const rows: [string, string, RegExp][] = [
    [
      'a user without a password',
      'user_username\nx',
      /user_password is mandatory to create a user/,
    ],
    ['a short password', 'user_username,user_password\nx,Pass1!', /fewer than 8/],
    [
      'a password without a special character',
      'user_username,user_password\nx,Password1',
      /special/,
    ],
    [
      'an unknown organization',
      'user_username,user_password,user_organizationId\nx,Password1!,no',
      /no organization "no"/,
    ],
    ['a bad e-mail address', 'user_username,user_email\nx,nobody', /user_email is no e-mail/],
    ['a bad language', 'user_username,user_language\nx,english!', /user_language/],
    [
      'JSON that is no object',
      'user_username,user_externalId\nx,[]',
      /user_externalId is no JSON object/,
    ],
    ['roles in small letters', 'user_username,user_role\nx,admin', /user_role is no list of roles/],
    ['a NUL character', 'user_username,user_name\nx,a\0b', /NUL/],
    ['an active that is neither', 'group_name,group_active\ng,yes', /neither TRUE nor FALSE/],
    ['a key with a line break', 'group_name\n"a\nb"', /control characters/],
    [
      'a membership of nobody',
      'user_username,group_name,group_role\nno,Group,GRADER',
      /no user "no"/,
    ],
    ['a membership nowhere', 'user_username,group_name,group_role\nada,no,GRADER', /no group "no"/],
    [
      'a membership without a role',
      'user_username,group_name\nada,Group',
      /group_role is mandatory/,
    ],
    [
      'a new user in no group',
      'user_username,user_password,group_name,group_role\nnew,Password1!,no,GRADER',
      /no group "no"/,
    ],
    [
      'another group for a session',
      'session_name,group_name\nSession,Other',
      /cannot be changed; it is "Group"/,
    ],
    [
      'a session of nothing',
      'session_name,group_name\nnew,Group',
      /session_deliveryId \(or session_batteryId\)/,
    ],
    ['a session in no group', 'session_deliveryId,session_name\nd,new', /group_name is mandatory/],
    [
      'a day that is none',
      'session_name,session_startDate\nSession,2023-02-30T12:00:00Z',
      /no date/,
    ],
    [
      'a date without a zone',
      'session_name,session_startDate\nSession,2023-02-03 12:00',
      /no date/,
    ],
    [
      'an end before the start',
      'session_name,session_startDate,session_endDate\nSession,2023-02-03T12:00:00Z,2023-02-02T12:00:00Z',
      /not after/,
    ],
    [
      'a time zone that is none',
      'session_name,session_timezone\nSession,Europe/Nowhere',
      /no time zone/,
    ],
    [
      'a parent that is none',
      'hierarchy_organizationId,hierarchy_organizationName,hierarchy_parentOrganizationId\nc,C,no',
      /no organization "no"/,
    ],
    [
      'another parent',
      'hierarchy_organizationId,hierarchy_organizationName,hierarchy_parentOrganizationId\nb,B,root',
      /cannot be changed; this one stands below "a"/,
    ],
    [
      'the root itself',
      'hierarchy_organizationId,hierarchy_organizationName,hierarchy_parentOrganizationId\nroot,A,root',
      /root is there/,
    ],
    ['too few cells', 'group_name,group_description\nx', /1 cells, the header has 2/],
    ['too many cells', 'group_name,group_description\nx,y,z', /3 cells, the header has 2/],
    [
      'text behind a quote',
      'group_name,group_description\n"x"y,z',
      /Column 1: text follows the closing quote/,
    ],
  ]

  it('refuses a row for what is wrong in it, and no other row with it', async (t) => {
    const { send, roster } = await setUp(t)
    await send(
      'hierarchy_organizationId,hierarchy_organizationName,hierarchy_parentOrganizationId\na,A,root\nb,B,a\n',
    )
    await send('user_username,user_password\nada,Password1!\n')
    await send('session_deliveryId,session_name,group_name,group_active\nd,Session,Group,TRUE\n')
    for (const [title, text, message] of rows) {
      const before = JSON.stringify([
        await roster('users'),
        await roster('memberships'),
        await roster('sessions'),
      ])
      const outcome = await send(text)
      assert.equal(outcome.status, 'completed', title)
      assert.equal(outcome.lines[0]?.status, 'error', `${title}: ${outcome.text}`)
      assert.match(outcome.lines[0]?.message ?? '', message, title)
      assert.deepEqual(
        JSON.stringify([
          await roster('users'),
          await roster('memberships'),
          await roster('sessions'),
        ]),
        before,
        title,
      )
    }
    const mixed = await send(
      'group_name,group_active\none,TRUE\ntwo,maybe\nthree,FALSE\none,TRUE\n',
    )
    assert.deepEqual(
      mixed.lines.map(({ status }) => status),
      ['created', 'error', 'created', 'error'],
    )
    assert.match(mixed.lines[3]?.message ?? '', /"one" is in row 2 of this file already/)
    assert.deepEqual(
      (await roster('groups')).map(({ key }) => key),
      ['Group', 'one', 'three'],
    )
  })

  it('makes an ID for an organization without one, and holds hierarchies to 15 levels', async (t) => {
    const { send, roster } = await setUp(t)
    const made = await send('hierarchy_organizationName,hierarchy_parentOrganizationId\nA,root\n')
    assert.match(made.lines[0]?.message ?? '', /^Its ID is "\w{26}"\.$/)
    const levels = Array.from(
      { length: 16 },
      (_, level) => `l${level},L,${level === 0 ? 'root' : `l${level - 1}`}`,
    )
    const deep = await send(
      `hierarchy_organizationId,hierarchy_organizationName,hierarchy_parentOrganizationId\n${levels.join('\n')}`,
    )
    assert.deepEqual([deep.rows.created, deep.rows.failed], [15, 1])
    assert.match(deep.lines[15]?.message ?? '', /at most 15 levels/)
    assert.equal((await roster('organizations')).length, 16)
  })

  it('links new users to groups, several rows for one of them', async (t) => {
    const { send, roster } = await setUp(t)
    await send('group_name\nA\nB\n')
    const outcome = await send(
      'user_username,user_password,group_role,group_name\neve,Password1!,TEST_TAKER,A\neve,Password1!,GRADER|TEST_TAKER,B\neve,Password1!,GRADER,B\n',
    )
    assert.deepEqual(
      outcome.lines.map(({ status }) => status),
      ['created', 'created', 'error'],
    )
    assert.deepEqual(
      (await roster('memberships')).map(({ key }) => key),
      ['eve\nA', 'eve\nB'],
    )
  })

  const files: [string, string | Uint8Array, RegExp][] = [
    ['nothing', '', /Row 1, column 1: The file is empty/],
    [
      'an unknown column',
      'user_username,user_nam\nx,y',
      /Row 1, column 2: "user_nam" is no column.*"user_name"/,
    ],
    [
      'a column without a name',
      'user_username,,user_name\nx,y,z',
      /column 2: The column has no name/,
    ],
    [
      'a column twice',
      'user_username,user_name,user_name\nx,y,z',
      /column 3: .*twice, first as column 2/,
    ],
    [
      'a column of another template',
      'user_username,user_name,session_name\nx,y,z',
      /does not belong/,
    ],
    ['no key', 'user_name,user_email\nx,y', /"user_username" is missing/],
    [
      'both kinds of sessions',
      'session_deliveryId,session_batteryId,session_name\nx,y,z',
      /delivery or of a battery/,
    ],
    ['semicolons', 'user_username;user_name\nx;y', /not separated by commas/],
    ['UTF-16', Buffer.from('\ufeffgroup_name\nx\n', 'utf16le'), /UTF-16/],
    [
      'Latin-1',
      Buffer.from('group_name,group_description\nok,\nx,caf\xe9\n', 'latin1'),
      /Row 3, column 2 \(group_description\).*0xE9/,
    ],
    [
      'an open quote',
      'group_name,group_description\nok,\nx,"y\nz,\n',
      /Row 3, column 2 \(group_description\).*never closed/,
    ],
    [
      'a line without an end',
      `group_name,group_description\nok,\nx,${'y'.repeat(1_100_000)}`,
      /Row 3, column 2.*longer than 1048576/,
    ],
  ]

  it('refuses a file as a whole, says what is wrong where, and imports nothing of it', async (t) => {
    const { send, roster } = await setUp(t)
    for (const [title, body, sentence] of files) {
      const outcome = await send(body)
      assert.equal(outcome.status, 'failed', title)
      assert.equal(outcome.lines.length, 1, title)
      assert.equal(outcome.lines[0]?.status, 'error', title)
      assert.match(outcome.lines[0]?.message ?? '', sentence, title)
      assert.match(outcome.message ?? '', sentence, title)
    }
    assert.deepEqual(await roster('groups'), [])
  })

  it('takes a byte order mark, columns in any order, and no rows at all', async (t) => {
    const { send } = await setUp(t)
    const marked = await send('\ufeffgroup_description,group_name,,\r\nfirst,A,,\r\n')
    assert.equal(marked.rows.created, 1, marked.text)
    const empty = await send('group_name\n')
    assert.deepEqual([empty.status, empty.lines.length], ['completed', 0])
  })

  it('takes the template that prints a column twice, unless its two cells differ', async (t) => {
    const { send } = await setUp(t)
    await send('group_name\nA\n')
    const header =
      'session_batteryId,group_name,session_name,session_waitingPageDate,session_waitingPageDate'
    const outcome = await send(
      `${header}\nb,A,one,2022-12-01T12:00:00Z,\nb,A,two,2022-12-01T12:00:00Z,2022-12-02T12:00:00Z\n`,
    )
    assert.deepEqual(
      outcome.lines.map(({ status }) => status),
      ['created', 'error'],
    )
  })

  it('writes no formula into the result', async (t) => {
    const { send } = await setUp(t)
    const { text } = await send('group_name,group_description\nA,=1+1\n')
    assert.match(text, /\r\nA,'=1\+1,created,\r\n$/)
  })

  it('keeps the rosters of organizations apart', async (t) => {
    const { server, send, roster } = await setUp(t)
    const other = await createTestAccount(server.core, 'bob', {
      organization: 'other',
      permissions: ['rostering'],
    })
    await send('group_name\nA\n')
    const theirs = await importFile(
      { url: server.url, headers: other.headers },
      'group_name\nA\nB\n',
    )
    assert.equal(theirs.rows.created, 2)
    assert.equal((await roster('groups')).length, 1)
  })
})

async function setUp(t: TestContext) {
  const server = await startTestServer(t, {
    environment: { CLAIMCHECK_IMPORT_PASSWORD_MEMORY: '1024' },
  })
  const ada = await createTestAccount(server.core, 'ada', { permissions: ['rostering'] })
  const importer = { url: server.url, headers: ada.headers }
  return {
    server,
    send: (body: string | Uint8Array) => importFile(importer, body),
    async roster(noun: RosterNoun) {
      const principal = await findPrincipal(server.core, ada.id)
      assert.ok(principal !== null)
      return await listRoster(server.core, principal, { noun, limit: 1000 })
    },
  }
}
