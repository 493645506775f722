// A form as a second renderer has it (CSIRO's smart-forms, as an SDC app embeds it): filled in from a FHIR server, shown,
// and given back. The tests bundle it; it knows nothing of the service.
import { populateQuestionnaire } from '@aehrc/sdc-populate';
import {
  BaseRenderer,
  buildForm,
  destroyForm,
  getResponse,
  RendererThemeProvider,
} from '@aehrc/smart-forms-renderer';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { flushSync } from 'react-dom';
import { createRoot } from 'react-dom/client';

const queries = new QueryClient({ defaultOptions: { queries: { retry: false } } });
let root = null;

async function fetched(query, { sourceServerUrl }) {
  const url = /^https?:/.test(query) ? query : `${sourceServerUrl}/${query}`;
  const answer = await fetch(url, { headers: { Accept: 'application/fhir+json' } });
  if (!answer.ok) throw new Error(`${answer.status} for ${url}`);
  return answer.json();
}

/** The response that the form starts from, and what went amiss on the way to it (words). */
async function populated(questionnaire, { patient, user, fhirServerUrl }) {
  const { populateSuccess, populateResult } = await populateQuestionnaire({
    questionnaire,
    patient,
    user,
    fetchResourceCallback: fetched,
    fetchResourceRequestConfig: { sourceServerUrl: fhirServerUrl },
  });
  if (!populateSuccess) throw new Error('the form could not be filled in');
  const issues = populateResult.issues?.issue ?? [];
  return { response: populateResult.populatedResponse, issues: issues.map((issue) => issue.details.text) };
}

function shown() {
  root?.unmount();
  root = createRoot(document.getElementById('form'));
  flushSync(() =>
    root.render(
      <RendererThemeProvider>
        <QueryClientProvider client={queries}>
          <BaseRenderer />
        </QueryClientProvider>
      </RendererThemeProvider>,
    ),
  );
}

const LAUNCH_CONTEXT = 'http://hl7.org/fhir/uv/sdc/StructureDefinition/sdc-questionnaire-launchContext';

/** The Questionnaire, filled in where a launch is given (patient, user, fhirServerUrl) and the form says what it reads
 * of it (sdc-populate refuses any other), as the renderer then holds it. */
window.renderAndPrefill = async (questionnaire, launch) => {
  destroyForm();
  const reads = launch && questionnaire.extension?.some(({ url }) => url === LAUNCH_CONTEXT);
  const { response, issues } = reads ? await populated(questionnaire, launch) : { issues: [] };
  await buildForm({ questionnaire, questionnaireResponse: response });
  shown();
  return { response: getResponse(), populated: response ?? null, issues };
};

window.heldResponse = () => getResponse();

const answered = (items = []) =>
  items.flatMap((item) => [...(item.answer?.length ? [item.linkId] : []), ...answered(item.item)]);

window.answeredLinkIds = () => answered(getResponse().item);

window.shownLinkIds = () => {
  const shownItems = [...document.querySelectorAll('#form [data-linkid]')].filter((element) => element.checkVisibility());
  return [...new Set(shownItems.map((element) => element.dataset.linkid))].sort();
};
