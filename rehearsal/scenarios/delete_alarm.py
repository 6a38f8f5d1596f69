"""deleteAlarm as it is rehearsed: an alarm with tags goes."""

from rehearsal.scenarios.region import WHERE
from rehearsal.scenarios.upsert_alarm import hot
from rehearsal.trials import Scenario

SILENCES = Scenario("deleteAlarm", "deleteAlarm", {**WHERE, "name": "shop-hot"}, hot)

SCENARIOS = (SILENCES,)
