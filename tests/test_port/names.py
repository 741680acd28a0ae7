"""Every public name of MMSegmentation 1.2.2: its packages' ``__all__``, and what is not here."""

from __future__ import annotations

PUBLIC = {
    '': '__version__ version_info digit_version',
    'apis': 'init_model inference_model show_result_pyplot MMSegInferencer RSInferencer RSImage',
    'models': """
        BACKBONES HEADS LOSSES SEGMENTORS build_backbone build_head build_loss build_segmentor
        SegDataPreProcessor""",
    'models.backbones': """
        ResNet ResNetV1c ResNetV1d ResNeXt HRNet FastSCNN ResNeSt MobileNetV2 UNet CGNet MobileNetV3
        VisionTransformer SwinTransformer MixVisionTransformer BiSeNetV1 BiSeNetV2 ICNet
        TIMMBackbone ERFNet PCPVT SVT STDCNet STDCContextPathNet BEiT MAE PIDNet MSCAN DDRNet VPD
        """,
    'models.decode_heads': """
        FCNHead PSPHead ASPPHead PSAHead NLHead GCHead CCHead UPerHead DepthwiseSeparableASPPHead
        ANNHead DAHead OCRHead EncHead DepthwiseSeparableFCNHead FPNHead EMAHead DNLHead PointHead
        APCHead DMHead LRASPPHead SETRUPHead SETRMLAHead DPTHead SegmenterMaskTransformerHead
        SegformerHead ISAHead STDCHead IterativeDecodeHead KernelUpdateHead KernelUpdator
        MaskFormerHead Mask2FormerHead LightHamHead PIDHead DDRHead VPDDepthHead SideAdapterCLIPHead
        """,
    'models.losses': """
        accuracy Accuracy cross_entropy binary_cross_entropy mask_cross_entropy CrossEntropyLoss
        reduce_loss weight_reduce_loss weighted_loss LovaszLoss DiceLoss FocalLoss TverskyLoss
        OhemCrossEntropy BoundaryLoss HuasdorffDisstanceLoss SiLogLoss""",
    'models.losses.utils': 'get_class_weight reduce_loss weight_reduce_loss weighted_loss',
    'models.segmentors': """
        BaseSegmentor EncoderDecoder CascadeEncoderDecoder SegTTAModel MultimodalEncoderDecoder
        DepthEstimator""",
    'models.utils': """
        ResLayer SelfAttentionBlock make_divisible InvertedResidual UpConvBlock InvertedResidualV3
        SELayer PatchEmbed nchw_to_nlc nlc_to_nchw nchw2nlc2nchw nlc2nchw2nlc Encoding Upsample
        resize DAPPM PAPPM BasicBlock Bottleneck cross_attn_layer LayerNorm2d MLP
        get_uncertain_point_coords_with_randomness""",
    'datasets': """
        BaseSegDataset CityscapesDataset PascalVOCDataset ADE20KDataset PascalContextDataset
        PascalContextDataset59 ChaseDB1Dataset DRIVEDataset HRFDataset STAREDataset
        DarkZurichDataset NightDrivingDataset COCOStuffDataset LoveDADataset MultiImageMixDataset
        iSAIDDataset ISPRSDataset PotsdamDataset DecathlonDataset LIPDataset SynapseDataset
        REFUGEDataset MapillaryDataset_v1 MapillaryDataset_v2 LEVIRCDDataset BaseCDDataset
        DSDLSegDataset BDD100KDataset NYUDataset LoadAnnotations RandomCrop PackSegInputs""",
    'datasets.transforms': """
        LoadAnnotations RandomCrop BioMedical3DRandomCrop SegRescale PhotoMetricDistortion
        RandomRotate AdjustGamma CLAHE Rerange RGB2Gray RandomCutOut RandomMosaic PackSegInputs
        ResizeToMultiple LoadImageFromNDArray LoadBiomedicalImageFromFile LoadBiomedicalAnnotation
        LoadBiomedicalData GenerateEdge ResizeShortestEdge BioMedicalGaussianNoise
        BioMedicalGaussianBlur BioMedical3DRandomFlip BioMedicalRandomGamma BioMedical3DPad
        RandomRotFlip Albu LoadSingleRSImageFromFile ConcatCDInput LoadMultipleRSImageFromFile
        LoadDepthAnnotation RandomDepthMix RandomFlip Resize""",
    'evaluation': 'IoUMetric CityscapesMetric DepthMetric',
    'evaluation.metrics': 'IoUMetric CityscapesMetric DepthMetric',
    'structures': 'SegDataSample BasePixelSampler OHEMPixelSampler build_pixel_sampler',
    'structures.sampler': 'build_pixel_sampler BasePixelSampler OHEMPixelSampler',
    'visualization': 'SegLocalVisualizer',
    'registry': """
        HOOKS DATASETS DATA_SAMPLERS TRANSFORMS MODELS WEIGHT_INITIALIZERS OPTIMIZERS
        OPTIM_WRAPPER_CONSTRUCTORS TASK_UTILS PARAM_SCHEDULERS METRICS MODEL_WRAPPERS VISBACKENDS
        VISUALIZERS RUNNERS RUNNER_CONSTRUCTORS LOOPS EVALUATOR LOG_PROCESSORS OPTIM_WRAPPERS
        INFERENCERS""",
    'engine': """
        LearningRateDecayOptimizerConstructor LayerDecayOptimizerConstructor SegVisualizationHook
        PolyLRRatio ForceDefaultOptimWrapperConstructor""",
    'engine.hooks': 'SegVisualizationHook',
    'utils': """
        collect_env register_all_modules stack_batch add_prefix ConfigType OptConfigType MultiConfig
        OptMultiConfig SampleList OptSampleList TensorDict TensorList ForwardResults
        cityscapes_classes ade_classes voc_classes cocostuff_classes loveda_classes potsdam_classes
        vaihingen_classes isaid_classes stare_classes cityscapes_palette ade_palette voc_palette
        cocostuff_palette loveda_palette potsdam_palette vaihingen_palette isaid_palette
        stare_palette dataset_aliases get_classes get_palette datafrombytes synapse_palette
        synapse_classes get_predefined_templates tokenize seg_data_to_instance_data MatchMasks
        bdd100k_classes bdd100k_palette""",
}

# why -> the names that are deliberately not here; docs/from_mmsegmentation.md has the same groups
GONE = {
    'other model families': """
        ResNeXt HRNet FastSCNN CGNet MobileNetV3 VisionTransformer SwinTransformer
        MixVisionTransformer BiSeNetV1 BiSeNetV2 ICNet TIMMBackbone ERFNet PCPVT SVT STDCNet
        STDCContextPathNet BEiT MAE PIDNet MSCAN DDRNet VPD PSPHead PSAHead NLHead GCHead CCHead
        UPerHead ANNHead DAHead OCRHead EncHead DepthwiseSeparableFCNHead FPNHead EMAHead DNLHead
        PointHead APCHead DMHead LRASPPHead SETRUPHead SETRMLAHead DPTHead
        SegmenterMaskTransformerHead SegformerHead ISAHead STDCHead IterativeDecodeHead
        KernelUpdateHead KernelUpdator MaskFormerHead Mask2FormerHead LightHamHead PIDHead DDRHead
        VPDDepthHead SideAdapterCLIPHead CascadeEncoderDecoder""",
    'their bricks': """
        ResLayer SelfAttentionBlock InvertedResidualV3 SELayer PatchEmbed nchw_to_nlc nlc_to_nchw
        nchw2nlc2nchw nlc2nchw2nlc Encoding DAPPM PAPPM BasicBlock Bottleneck cross_attn_layer
        LayerNorm2d MLP get_uncertain_point_coords_with_randomness GenerateEdge
        LearningRateDecayOptimizerConstructor LayerDecayOptimizerConstructor PolyLRRatio""",
    'losses of other models': """
        mask_cross_entropy TverskyLoss OhemCrossEntropy BoundaryLoss HuasdorffDisstanceLoss""",
    'text, depth, volumes, change detection': """
        MultimodalEncoderDecoder DepthEstimator SiLogLoss DepthMetric
        ForceDefaultOptimWrapperConstructor DecathlonDataset SynapseDataset REFUGEDataset
        LEVIRCDDataset BaseCDDataset NYUDataset BioMedical3DRandomCrop LoadBiomedicalImageFromFile
        LoadBiomedicalAnnotation LoadBiomedicalData BioMedicalGaussianNoise BioMedicalGaussianBlur
        BioMedical3DRandomFlip BioMedicalRandomGamma BioMedical3DPad ConcatCDInput
        LoadMultipleRSImageFromFile LoadDepthAnnotation RandomDepthMix datafrombytes synapse_palette
        synapse_classes get_predefined_templates tokenize seg_data_to_instance_data MatchMasks""",
    'data sets without a DeepLab model': """
        DarkZurichDataset NightDrivingDataset LIPDataset DSDLSegDataset BDD100KDataset""",
    'something else does it': 'RSInferencer RSImage Albu',
}
