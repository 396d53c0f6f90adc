// The public GraphQL API, asked like any other client asks it.

const QUERY = `query DataMap($language: LanguageTag!) {
  audit {
    schema { name sha256 types personalFields }
    lint { clean counts { error warning } }
    words(language: $language) { enum name text }
    matrix {
      purposes { name }
      unusedPurposes
      fields { coordinate category purposes { name when } retention disclosedTo column description }
    }
    notice(language: $language) { sharing { recipient purposes categories namedEachTime } }
    clients {
      clients { id name purposes scopes refusal documentsOnly disabled maxPage documents { hash purpose }
        reach { purpose coordinate conditions ownDataOnly via } }
      findings { level message }
    }
    erasures { overdue late dueWithinAWeek states { state cases } due { day cases overdue } }
    consents { standing { kind given withdrawn } }
    refusals(days: 30) { client purpose coordinate reason operations lastAt }
    acts(most: 20) { id at act state operator staff target details }
    checkpoints(most: 5) { size root signedAt }
  }
}`;

export class Refused extends Error {}

export async function demoToken() {
  const answer = await fetch('/demo/tokens', { credentials: 'omit', cache: 'no-store' });
  const { tokens } = await answer.json();
  return tokens.find((each) => each.name === 'auditor').token;
}

export async function ask(token, language) {
  const answer = await fetch('/graphql', {
    method: 'POST',
    headers: {
      authorization: `Bearer ${token}`,
      'content-type': 'application/json',
      accept: 'application/graphql-response+json, application/json;q=0.9',
    },
    body: JSON.stringify({ query: QUERY, variables: { language } }),
    credentials: 'omit',
    cache: 'no-store',
  });
  const { data, errors } = await answer.json().catch(() => ({}));
  if (!answer.ok || errors?.length || !data?.audit) throw new Refused(errors?.[0]?.message ?? answer.statusText);
  return data.audit;
}
