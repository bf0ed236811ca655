import type { DemoReport } from './start-demo.ts'

/** What a newcomer reads: one line to paste for each thing that the demo can do. */
export function formatWalkthrough({ url, accounts, examples }: DemoReport): string {
  const bearer = `-H 'Authorization: Bearer ${accounts.token}'`
  const json = `-H 'Content-Type: application/json'`
  return `Claimcheck is running on ${url} with a demo organization. Ctrl-C ends it.

Look around in the portal: ${url}/ as "${accounts.user.username}" with the password "${accounts.user.password}",
or as the administrator "${accounts.admin.username}" with "${accounts.admin.password}".

Ask for a download (Downloads API), and keep its id:
  ID=$(curl -s ${bearer} ${json} -d '{"download":{"download_type":"${examples.downloadType}"}}' ${url}/api/downloads | sed 's/.*"id":"\\([^"]*\\)".*/\\1/'); echo $ID

Poll it until its state is "done":
  curl -s ${bearer} ${url}/api/downloads/$ID

Pick up its file, once it is done: 302 to a signed URL, which needs no sign-in:
  curl -sSfL ${bearer} -o communes.csv ${url}/api/downloads/$ID/file && head -3 communes.csv

The same with a key pair instead of a token:
  curl -s -u ${accounts.key.accessKey}:${accounts.key.secretKey} ${url}/api/downloads/$ID

Ask through our own API, with parameters, and wait up to 30 s for the end:
  ID=$(curl -s ${bearer} ${json} -d '{"type":"communes-of-departement","info":{"departement":"75"}}' ${url}/v1/deliveries | sed 's/^{"id":"\\([^"]*\\)".*/\\1/'); echo $ID
  curl -s ${bearer} -H 'Prefer: wait=30' ${url}/v1/deliveries/$ID

A slow one, to watch and to cancel:
  ID=$(curl -s ${bearer} ${json} -d '{"type":"countdown","info":{"seconds":60}}' ${url}/v1/deliveries | sed 's/.*"id":"\\([^"]*\\)".*/\\1/'); echo $ID
  curl -sN -m 10 ${bearer} ${url}/v1/events
  curl -s -X POST ${bearer} ${url}/v1/deliveries/$ID/cancel

Files of an order (Orders API), of which two sub-orders are ready and the third waits until they are picked up: 206
  curl -s -w '%{http_code}\\n' ${bearer} '${url}/api/v1/rs-order/orders/${examples.order}/files/available?page=0&size=2'

All of them, with their hashes checked, by aria2. It may end with an error for the third sub-order, which is not ready yet: run it again for that
  curl -s ${bearer} -o order.metalink ${url}/api/v1/rs-order/user/orders/${examples.order}/metalink/download && aria2c -M order.metalink

Order something: the files of published products that a query finds
  curl -s ${bearer} ${json} -d '{"queries":["productId:communes-22 OR name:Finistère"]}' ${url}/api/v1/rs-order/user/orders/apply

Import a roster (Imports API): a token, the upload, its status; once that is "completed", the result by its signed URL
  TOKEN=$(curl -s --form grant_type=client_credentials --form client_id=${accounts.client.clientId} --form client_secret=${accounts.client.clientSecret} ${url}/api/v1/upload/v1/oauth2/tokens | sed 's/.*"access_token":"\\([^"]*\\)".*/\\1/')
  REF=$(curl -s -H "Authorization: Bearer $TOKEN" --form 'file=@"${examples.import.file}"' ${url}/api/v1/upload/api/v1/upload | sed 's/.*"referenceId":"\\([^"]*\\)".*/\\1/'); echo $REF
  curl -s -H "Authorization: Bearer $TOKEN" ${url}/api/v1/upload/api/v1/status/$REF
  curl -s $(curl -s -H "Authorization: Bearer $TOKEN" ${url}/api/v1/upload/api/v1/download/$REF | sed 's/.*"signedUrl":"\\([^"]*\\)".*/\\1/')

A document of a port order (Flowroute API): a time-limited URL first, then the bytes:
  curl -s -u ${accounts.key.accessKey}:${accounts.key.secretKey} ${url}/v2/portorders/${examples.portOrder}/files/${examples.portOrderFile}
  curl -sO "$(curl -s -u ${accounts.key.accessKey}:${accounts.key.secretKey} ${url}/v2/portorders/${examples.portOrder}/files/${examples.portOrderFile} | sed 's/.*"url":"\\([^"]*\\)".*/\\1/')"

List the files of a study (Flux Vision API), newest first; then take one by its url:
  curl -s -u ${accounts.user.username}:${accounts.user.password} ${url}/api_file/v1/${examples.study.organization}/${examples.study.study}/
  curl -s -u ${accounts.user.username}:${accounts.user.password} -OJ $(curl -s -u ${accounts.user.username}:${accounts.user.password} ${url}/api_file/v1/${examples.study.organization}/${examples.study.study}/${examples.study.delivery}/ | sed 's/.*"url":"\\([^"]*\\)".*/\\1/')

Get a token by OAuth2 client credentials:
  curl -s -d grant_type=client_credentials -d client_id=${accounts.client.clientId} -d client_secret=${accounts.client.clientSecret} ${url}/oauth2/token

Everything that the API can do: ${url}/docs and ${url}/openapi.json
`
}
