// How a client here and the test that runs it talk: a line of JSON each way, the reader's browser being the test's.
import { createInterface } from 'node:readline'

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]()

export const given = JSON.parse(process.argv[2])

export async function ask(question) {
  tell(question)
  const { value } = await lines.next()
  return JSON.parse(value)
}

export function tell(what) {
  process.stdout.write(`${JSON.stringify(what)}\n`)
}

export async function signingKey(jwk) {
  return crypto.subtle.importKey('jwk', jwk, { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' }, false, ['sign'])
}
