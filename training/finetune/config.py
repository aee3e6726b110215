"""What a run is asked to do: frozen data, checked when it is made, with nothing of torch in it.

Field names carry their units; a rate is a learning rate. Defaults are those of the paper's public
script (rank 8, alpha 16, dropout 0.05, 8 clips at once 8 times over, warm-up 5 %, clip 1.0, weight
decay 0.01) and of A2S-SFT (section 4 of the paper).
"""

from dataclasses import dataclass, field

from engine.errors import UsageError
from engine.languages import resolve
from training.finetune.rl_config import RlConfig
from training.finetune.router_config import EvaluateConfig, RouterConfig


@dataclass(frozen=True, slots=True)
class ModelConfig:
    """The base model, which is never changed.

    Attributes:
        path: name or folder of a model, as `engine.models.find` takes it.
        device: see `engine.device.choose`; of several GPUs a process that trains takes the first
            it sees, so none can be named.
        precision: of the base's weights, see `engine.device.pick_dtype`; the adapter is float32.
        four_bit: hold the base's matrices in 4 bits (NF4); needs the extra `four-bit`, and wants a
            CUDA device.
        compute: "auto" computes in half precision on an accelerator and in float32 on a CPU;
            "half" also on a CPU with instructions for bfloat16: faster by about a half, and what
            is learnt then depends, in the last digits, on which clips are in memory together.
    """

    path: str = "mini"
    device: str = "auto"
    precision: str = "auto"
    four_bit: bool = False
    compute: str = "auto"

    def __post_init__(self) -> None:
        if ":" in self.device:
            raise UsageError(
                f"device must be 'auto' or a kind of device, not '{self.device}'.",
                remedy="Set 'cuda', and have the process see that GPU alone, with "
                f"CUDA_VISIBLE_DEVICES={self.device.partition(':')[2]}.",
            )
        if self.compute not in ("auto", "half"):
            raise UsageError(f"compute must be 'auto' or 'half', not '{self.compute}'.")


@dataclass(frozen=True, slots=True)
class DataConfig:
    """Where clips come from, and which are held out.

    Attributes:
        paths: folders and files that `training.data.read` knows.
        language: of clips that do not say theirs; code or English name, "" when all do.
        held_out_share: of the speakers, chosen by a hash of their names; in [0, 1).
        most_clip_s: longer clips are left out, s.
        unmarked: what clips are that do not say what was done to them: "clean", or "own" for
            recordings as they are.
        noise: folder of noises of one's own, for degraded copies, in place of the built-in ones; ""
            for those.
    """

    paths: tuple[str, ...] = ()
    language: str = ""
    held_out_share: float = 0.1
    most_clip_s: float = 30.0
    unmarked: str = "own"
    noise: str = ""

    def __post_init__(self) -> None:
        if self.unmarked not in ("own", "clean"):
            raise UsageError(f"unmarked must be 'own' or 'clean', not '{self.unmarked}'.")
        resolve(self.language)
        _within("held_out_share", self.held_out_share, 0.0, 0.9)
        _above_zero("most_clip_s", self.most_clip_s)


@dataclass(frozen=True, slots=True)
class AdapterConfig:
    """The LoRA that learns.

    Attributes:
        start_from: folder of an adapter to go on from, which then gives rank and alpha; "" for a
            fresh one.
        rank: of every module.
        alpha: the delta is scaled by alpha / rank.
        dropout: on the LoRA's input, in [0, 1).
    """

    start_from: str = ""
    rank: int = 8
    alpha: float = 16.0
    dropout: float = 0.05

    def __post_init__(self) -> None:
        _above_zero("rank", self.rank)
        _above_zero("alpha", self.alpha)
        _within("dropout", self.dropout, 0.0, 0.9)


@dataclass(frozen=True, slots=True)
class BatchConfig:
    """How clips are put together. Only `clips_per_step` changes what is learnt.

    Attributes:
        clips_per_step: clips behind one step of the optimiser, over all processes.
        clips_at_once: clips in memory at the same time, in each process; halved when memory runs
            out.
        gradient_checkpointing: compute activations twice instead of keeping them.
        loader_processes: processes that read and transform audio ahead; 0 reads in between.
    """

    clips_per_step: int = 64
    clips_at_once: int = 8
    gradient_checkpointing: bool = True
    loader_processes: int = 0

    def __post_init__(self) -> None:
        _above_zero("clips_per_step", self.clips_per_step)
        _above_zero("clips_at_once", self.clips_at_once)
        _within("loader_processes", self.loader_processes, 0, 64)


@dataclass(frozen=True, slots=True)
class OptimizerConfig:
    """AdamW with a linear warm-up and a linear way down to zero.

    Attributes:
        warm_up_share: of a stage's steps, in [0, 1).
        weight_decay: of the LoRA's matrices.
        clip_norm: gradients are scaled down to this norm.
    """

    warm_up_share: float = 0.05
    weight_decay: float = 0.01
    clip_norm: float = 1.0

    def __post_init__(self) -> None:
        _within("warm_up_share", self.warm_up_share, 0.0, 0.99)
        _within("weight_decay", self.weight_decay, 0.0, 1.0)
        _above_zero("clip_norm", self.clip_norm)


@dataclass(frozen=True, slots=True)
class CheckpointConfig:
    """What is written while training.

    Attributes:
        every_steps: steps between two checkpoints: the most that a crash can cost.
        kept: checkpoints of a stage that are kept, newest first.
        held_out_every_steps: steps between two measurements on held-out clips; 0 for none before
            the end of a stage.
        held_out_clips: at most so many held-out clips are transcribed for one; 0 for none at all.
    """

    every_steps: int = 50
    kept: int = 2
    held_out_every_steps: int = 0
    held_out_clips: int = 64

    def __post_init__(self) -> None:
        _above_zero("every_steps", self.every_steps)
        _above_zero("kept", self.kept)
        _within("held_out_every_steps", self.held_out_every_steps, 0, 10**9)
        _within("held_out_clips", self.held_out_clips, 0, 10**9)


@dataclass(frozen=True, slots=True)
class SftConfig:
    """One phase of supervised fine-tuning.

    Attributes:
        encoder_rate: learning rate of the LoRA on the audio encoder; 0 leaves it as it is.
        aligner_rate: the same for what joins the encoder to its neighbours.
        language_model_rate: the same for the language model.
        wer_limits: a curriculum of as many parts, each with the clips on which the base model's
            WER is below the limit (1 = 100 %). Empty: all clips, and no WER is needed.
        epochs: times that each part goes through its clips.
        most_steps: an upper limit to the steps of the phase, shared equally by its parts; 0 for
            none.
    """

    encoder_rate: float = 0.0
    aligner_rate: float = 0.0
    language_model_rate: float = 0.0
    wer_limits: tuple[float, ...] = (0.7,)
    epochs: float = 1.0
    most_steps: int = 0

    def __post_init__(self) -> None:
        rates = (self.encoder_rate, self.aligner_rate, self.language_model_rate)
        if min(rates) < 0.0 or max(rates) == 0.0:
            raise UsageError(
                "A phase needs a learning rate above 0 for at least one scope.",
                remedy="Set encoder_rate, aligner_rate or language_model_rate.",
            )
        for limit in self.wer_limits:
            _above_zero("wer_limits", limit)
        _above_zero("epochs", self.epochs)
        _within("epochs", self.epochs, 0.0, 1e6)
        _within("most_steps", self.most_steps, 0, 10**9)


def _phase_1() -> SftConfig:
    return SftConfig(encoder_rate=1e-3, aligner_rate=1e-3, wer_limits=(0.3, 0.5, 0.7))


def _phase_2() -> SftConfig:
    return SftConfig(language_model_rate=2e-5)


def _phase_3() -> SftConfig:
    return SftConfig(encoder_rate=2e-6, aligner_rate=2e-6, language_model_rate=2e-6)


@dataclass(frozen=True, slots=True)
class RunConfig:
    """A run, whole.

    Attributes:
        stages: names from `training.finetune.stages`, in the order they are run in.
        seed: of everything random.
    """

    stages: tuple[str, ...] = ("sft1", "sft2", "sft3")
    seed: int = 0
    model: ModelConfig = field(default_factory=ModelConfig)
    data: DataConfig = field(default_factory=DataConfig)
    adapter: AdapterConfig = field(default_factory=AdapterConfig)
    batch: BatchConfig = field(default_factory=BatchConfig)
    optimizer: OptimizerConfig = field(default_factory=OptimizerConfig)
    checkpoints: CheckpointConfig = field(default_factory=CheckpointConfig)
    sft1: SftConfig = field(default_factory=_phase_1)
    sft2: SftConfig = field(default_factory=_phase_2)
    sft3: SftConfig = field(default_factory=_phase_3)
    rl: RlConfig = field(default_factory=RlConfig)
    router: RouterConfig = field(default_factory=RouterConfig)
    evaluate: EvaluateConfig = field(default_factory=EvaluateConfig)

    def __post_init__(self) -> None:
        if len(set(self.stages)) != len(self.stages) or not self.stages:
            raise UsageError("A run needs stages, and each at most once.")

    def phase(self, stage: str) -> SftConfig:
        """The settings of one of the SFT stages."""
        phases = {"sft1": self.sft1, "sft2": self.sft2, "sft3": self.sft3}
        return phases[stage]


def _above_zero(name: str, value: float) -> None:
    if not value > 0:
        raise UsageError(f"{name} must be above 0, not {value}.")


def _within(name: str, value: float, low: float, high: float) -> None:
    if not low <= value <= high:
        raise UsageError(f"{name} must be from {low} to {high}, not {value}.")
