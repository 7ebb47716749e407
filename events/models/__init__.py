"""WHAT and WHEN: the event, its agenda, its crew, its preparation and its plan B."""

from events.models.agenda import AgendaItem, AgendaStep, Speaker
from events.models.event import Blueprint, Crew, DeskPass, Event, Series
from events.models.gate import Gate, Gated, GatedRows, Kind
from events.models.preparation import (
    Material,
    Milestone,
    PrepGroup,
    PrepMember,
    RiskPlan,
    RiskTrigger,
    StaffRole,
)

__all__ = [
    "AgendaItem",
    "AgendaStep",
    "Blueprint",
    "Crew",
    "DeskPass",
    "Event",
    "Gate",
    "Gated",
    "GatedRows",
    "Kind",
    "Material",
    "Milestone",
    "PrepGroup",
    "PrepMember",
    "RiskPlan",
    "RiskTrigger",
    "Series",
    "Speaker",
    "StaffRole",
]
