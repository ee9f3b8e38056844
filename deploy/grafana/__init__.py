"""The dashboards of Grafana as code.

``python -m deploy.grafana`` writes ``dashboards/*.json``, which Grafana reads by ``provisioning/``.
``panel`` says how a panel of this house looks; each other module is one dashboard.
"""
