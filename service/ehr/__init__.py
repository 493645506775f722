"""The EHR's FHIR server: which one may be called, how it is called, and what its answers mean. Knows no policy and no
hook; what it hands back is an answer to each question, never an exception."""

from service.ehr.address import Access as Access
from service.ehr.address import permitted as permitted
from service.ehr.lines import Lines as Lines
from service.ehr.trouble import CODES as CODES
from service.ehr.trouble import Trouble as Trouble
from service.ehr.trouble import code_of as code_of
from service.ehr.visit import Visit as Visit
