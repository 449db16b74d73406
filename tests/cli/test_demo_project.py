import pytest

from callboard.cli.demo_repository import require_pytest
from callboard.domain.errors import ConfigurationInvalid


def test_the_demonstration_says_how_to_get_what_its_check_needs():
    with pytest.raises(ConfigurationInvalid, match=r"callboard\[demo\]"):
        require_pytest(find=lambda name: None)


def test_with_pytest_installed_the_demonstration_may_begin():
    require_pytest()
